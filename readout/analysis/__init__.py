"""What is judged from answers: control charts, signals, case mix, sites and reporters compared."""
