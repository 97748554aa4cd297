"""What people did about flags and calendars, as sentences: `{who}` is the actor, the rest the
event's own words."""

SENTENCES = {
    "flag.snoozed": "{who} snoozed the flag “{rule}” until {until}: {reason}",
    "flag.woken": "{who} took back the snooze of the flag “{rule}”",
    "calendar.made": "{who} made an address of the calendar {calendar}",
    "calendar.revoked": "{who} revoked the address of the calendar {calendar}",
}
