-- What every query asks of its filters, written once. The engine makes these before it is locked; a body reads no table.
--   picked    a filter lets a value through: nothing is chosen, or the value is among what is
--   filtered  anything is chosen at all
--   dated     a day lies in a range whose ends are included; an end that is null is open
--   shown     a value where the question is broken down by its name, else null: all values together
create macro picked(chosen, value) as array_length(chosen) = 0 or list_contains(chosen, value);

create macro filtered(chosen) as array_length(chosen) > 0;

create macro dated(first_day, last_day, day) as
    (first_day is null or day >= first_day) and (last_day is null or day <= last_day);

create macro shown(dims, name, value) as case when list_contains(dims, name) then value end;
