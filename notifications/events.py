"""What people did about flags, mails, calendars and channels, as sentences: `{who}` is the actor,
the rest the event's own words."""

SENTENCES = {
    "mails.chosen": "{who} chose how often to get mails: {topics}",
    "chat.chosen": "{who} chose what to be told in chat: {topics}",
    "message.retried": "{who} had a mail sent again",
    "flag.snoozed": "{who} snoozed the flag “{rule}” until {until}: {reason}",
    "flag.woken": "{who} took back the snooze of the flag “{rule}”",
    "calendar.made": "{who} made an address of the calendar {calendar}",
    "calendar.revoked": "{who} revoked the address of the calendar {calendar}",
    "channel.entered": "{who} entered a channel of {service}",
    "channel.switched": "{who} switched a channel on or off",
    "channel.removed": "{who} removed a channel",
}
