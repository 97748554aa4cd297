"""What people did about flags, as sentences: `{who}` is the actor, the rest the event's own
words."""

SENTENCES = {
    "flag.snoozed": "{who} snoozed the flag “{rule}” until {until}: {reason}",
    "flag.woken": "{who} took back the snooze of the flag “{rule}”",
}
