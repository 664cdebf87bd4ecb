"""The nightly job, by its deployed schedule and its deployed state machines."""

import datetime
import json
import time

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
SCHEDULE = (
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "State",
    "Target",
)
SEEN_AFTER = 1


class Nights:
    """Starts a stack's nights and waits for them."""

    def __init__(self, stack):
        self.patience = stack.aws.patience
        self.states = stack.aws.client("stepfunctions")
        self.scheduler = stack.aws.client("scheduler")
        self.clock = stack.aws.clock
        self.machine = stack.outputs()["NightlyArn"]
        self.name = f"{stack.name}-nightly"
        self.schedule = self.scheduler.get_schedule(Name=self.name)

    def after(self, day):
        """Sets the clock to the night after a day, and starts it as the schedule does.

        The local scheduler does not know the attribute of the time, so the target is called directly.
        """
        at = next_half_past_midnight(day)
        self.clock.set(at)
        return self.ended(self.deliver(at))

    def deliver(self, at):
        """Calls the schedule's target once; returns the night's execution, or nothing if that had
        ended before."""
        target = self.schedule["Target"]
        started = self.states.start_execution(
            stateMachineArn=target["Arn"], input=target["Input"].replace(SCHEDULED_TIME, at)
        )
        starter = self.ended(started["executionArn"])
        expect_success(starter)
        return json.loads(starter["output"]).get("execution")

    def by_schedule(self, day):
        """Lets the deployed schedule fire after a day: sets the time in its input, and the clock."""
        at = next_half_past_midnight(day)
        target = self.schedule["Target"]
        target = target | {"Input": target["Input"].replace(SCHEDULED_TIME, at)}
        self.change_schedule(State="ENABLED", Target=target)
        # The local scheduler counts from the time at which it first read the schedule.
        time.sleep(SEEN_AFTER)
        self.clock.set(at)
        execution = self.named(f"scheduled-{at[:10]}")
        self.change_schedule()
        return self.ended(execution)

    def change_schedule(self, **changes):
        """The deployed schedule with some properties changed."""
        self.scheduler.update_schedule(**{key: self.schedule[key] for key in SCHEDULE} | changes)

    def start_manually(self, **given):
        """Starts the nightly machine as an operator does."""
        started = self.states.start_execution(
            stateMachineArn=self.machine, input=json.dumps(given)
        )
        return self.ended(started["executionArn"])

    def named(self, name):
        """Waits until there is an execution of a name."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            for execution in self.executions():
                if execution["name"] == name:
                    return execution["executionArn"]
            time.sleep(0.2)
        raise AssertionError(f"expected an execution {name}, found {self.executions()}")

    def executions(self):
        return self.states.list_executions(stateMachineArn=self.machine)["executions"]

    def ended(self, arn):
        """Waits for the end of an execution, and describes it."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            described = self.states.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        raise AssertionError(f"expected the end of {described['name']} within {self.patience} s")


def next_half_past_midnight(day):
    """When the night after a day is scheduled: `2026-12-31T00:30:00Z`."""
    following = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    return f"{following}T00:30:00Z"


def expect_success(execution):
    if execution["status"] != "SUCCEEDED":
        raise AssertionError(f"expected {execution['name']} to succeed: {execution}")
