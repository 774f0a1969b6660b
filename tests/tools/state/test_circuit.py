"""When calls are kept from a server that is down, by a clock that the test moves."""

from contextlib import suppress

import pytest

from tools.state.circuit import FAILURES, FIRST_WAIT_S, LONGEST_WAIT_S, SHORTEST_WAIT_S, Circuit, Down
from tools.state.contract import StateUnavailableError


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit("Redis", clock)


def fail(circuit: Circuit, times: int = 1) -> None:
    for _ in range(times):
        with suppress(StateUnavailableError), circuit.passing():
            raise Down("no answer")


def is_open(circuit: Circuit) -> bool:
    try:
        circuit.check()
    except StateUnavailableError:
        return True
    return False


def test_it_opens_after_failures_in_a_row_and_an_answer_begins_the_row_anew(circuit: Circuit) -> None:
    fail(circuit, FAILURES - 1)
    with circuit.passing():
        pass
    fail(circuit, FAILURES - 1)
    before = is_open(circuit)

    fail(circuit)

    assert (before, is_open(circuit)) == (False, True)


def test_what_is_no_outage_is_passed_on_and_counts_for_nothing(circuit: Circuit) -> None:
    fail(circuit, FAILURES - 1)

    with pytest.raises(KeyError), circuit.passing():
        raise KeyError
    fail(circuit)

    assert is_open(circuit)


def test_waits_grow_between_their_bounds_and_differ(clock: Clock) -> None:
    firsts, lasts = set[float](), set[float]()
    for _ in range(50):
        circuit = Circuit("Redis", clock)
        fail(circuit, FAILURES)
        for probe in range(10):
            began = clock.now_s
            while is_open(circuit):
                clock.now_s += 0.01
            (firsts if probe == 0 else lasts).add(round(clock.now_s - began, 2))
            fail(circuit)

    assert SHORTEST_WAIT_S - 0.02 <= min(firsts) < max(firsts) <= FIRST_WAIT_S + 0.02
    assert FIRST_WAIT_S * 4 < max(lasts) <= LONGEST_WAIT_S + 0.02
    assert len(firsts) > 10 and len(lasts) > 50


def test_one_probe_at_a_time_and_its_answer_lets_everybody_in(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, FAILURES)
    clock.now_s += LONGEST_WAIT_S

    with circuit.passing():
        while_probing = is_open(circuit)

    assert (while_probing, is_open(circuit)) == (True, False)
    fail(circuit, FAILURES - 1)
    assert not is_open(circuit)


def test_what_was_under_way_when_it_opened_prolongs_nothing(circuit: Circuit, clock: Clock) -> None:
    with suppress(StateUnavailableError), circuit.passing():
        fail(circuit, FAILURES)
        clock.now_s += LONGEST_WAIT_S
        raise Down("late")

    assert not is_open(circuit)  # time for a probe


def test_a_refusal_says_when_to_come_again(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, FAILURES)

    with pytest.raises(StateUnavailableError) as caught:
        circuit.check()

    assert FIRST_WAIT_S <= (caught.value.retry_after_s or 0) <= LONGEST_WAIT_S
    assert caught.value.reason == "Redis: calls are refused until it answers a probe"
