"""From exports to a published extract: read, type, pseudonymise, quarantine, merge, check, publish."""
