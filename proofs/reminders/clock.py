"""The Celery application of proof b: the product's own, with a tick a second.

`celery -A proofs.reminders.clock worker` and `… beat`, in the environment of a scratch database.
"""

from proofs import scratch

scratch.set_up()

from config.celery import app  # noqa: E402

TICK = 1.0  # seconds
TICKS = ("sweep", "hear-and-deliver")

app.conf.beat_schedule = {
    name: {**app.conf.beat_schedule[name], "schedule": TICK, "options": {"expires": 20}}
    for name in TICKS
}

__all__ = ["app"]
