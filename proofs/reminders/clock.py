"""The Celery application of proof b: the product's own, with two ticks a second.

`celery -A proofs.reminders.clock worker` and `… beat`, in the environment of a scratch database.
"""

from proofs import scratch
from proofs.racing import named

scratch.set_up()

TICK = 0.5  # seconds: what sweeps take on an idle machine, they meet
TICKS = ("sweep", "hear-and-deliver")

app = named("config.celery:app")  # by name, as settings are: config lies above the proofs
app.conf.beat_schedule = {
    name: {**app.conf.beat_schedule[name], "schedule": TICK, "options": {"expires": 20}}
    for name in TICKS
}
