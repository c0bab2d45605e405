"""The threads that ask an endpoint: how many at a time, how fast, how often again, and when to stop."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import requests

from lit_synth.decoding.answers import Answers
from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.reply import RefusedError, TransientError, send
from lit_synth.display.board import Reached
from lit_synth.display.choice import display
from lit_synth.errors import InputError

_PAUSE = 2.0  # seconds before the second try; doubles, so that the sixth is more than a minute after the first
_LONGEST = 60.0  # seconds; most that it doubles to
_PATIENCE = 600.0  # seconds; a server that asks for more is asked again in another run
_EVERY = 10.0  # seconds between two lines of progress
_IN_A_ROW = 3  # prompts given up, with no answer to any other between them, that end a run
_CHECK = {
    401: "check the key in {}",
    402: "check the credit behind the key in {}",
    403: "check what the key in {} may use",
    404: "check model, and base_url, which usually ends in /v1",
    429: "check the credit behind the key in {}",
}


class Pace:
    """When the next request may leave: evenly spaced, and none while the server asks to be left alone.

    Args:
        per_minute: Most requests a minute; ``None`` for any number.
        stop: Ends all waiting.
    """

    def __init__(self, per_minute: int | None, stop: threading.Event) -> None:
        self.gap = 60 / per_minute if per_minute else 0.0
        self.stop = stop
        self.next = 0.0
        self.lock = threading.Lock()

    def take(self) -> bool:
        """Wait for a turn; false where there will be none."""
        while not self.stop.is_set():
            with self.lock:
                now = time.monotonic()
                if now >= self.next:
                    self.next = now + self.gap
                    return True
                left = self.next - now
            self.stop.wait(left)
        return False

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long."""
        with self.lock:
            self.next = max(self.next, time.monotonic() + seconds)


class Asking:
    """Asks for what is missing; every answer is kept as it comes.

    A request that fails is tried again. One that keeps failing is given up, and left for another run; some in a row end
    this run, since a server that is down need not be asked thousands of times.

    Args:
        endpoint: Where and how.
        missing: Number and request of every prompt, by the hash under which its answer is kept.
        answers: Takes the answers.
        tell: Takes a line of progress every few seconds.

    Raises:
        InputError: There is no key.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        missing: Mapping[str, tuple[int, Any]],
        answers: Answers,
        tell: Callable[[str], None],
    ) -> None:
        self.endpoint, self.answers, self.tell = endpoint, answers, tell
        self.key = endpoint.key()
        self.left = deque(missing.items())
        self.count = len(missing)
        self.stop, self.ended = threading.Event(), threading.Event()
        self.at_work: set[int] = set()
        self.pace = Pace(endpoint.requests_per_minute, self.stop)
        self.lock = threading.Lock()
        self.sent = answers.requests
        self.done = self.given_up = self.in_a_row = 0
        self.failed = ""
        self.spent = False
        self.error: BaseException | None = None

    def run(self, total: int) -> None:
        """Ask until all is answered, or nothing more can be.

        Args:
            total: How many answers there will be with those that were kept before.

        Raises:
            InputError: Something is still missing; the message says why and what to do.
        """
        started = shown = time.monotonic()
        self.at_work = set(range(min(self.endpoint.concurrency, self.count)))
        workers = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in self.at_work]
        try:
            for worker in workers:
                worker.start()
            # Not `join`: one that is interrupted takes the thread for ended, up to Python 3.12.
            while not self.ended.wait(0.1):
                if time.monotonic() - shown >= min(_EVERY, display().every):
                    shown = time.monotonic()
                    self._show(total, shown - started)
        except KeyboardInterrupt:
            self.tell("interrupted: waiting for the answers that are under way")
            raise
        finally:
            # What is under way has been paid for; a second interrupt does without it.
            self.stop.set()
            for number, worker in enumerate(workers):
                if worker.ident is None:  # an interrupt came before it was started
                    self._leave(number)
            self.ended.wait()
        self.tell(self._line(total, time.monotonic() - started))
        self._conclude(total)

    def _conclude(self, total: int) -> None:
        if self.error is not None:
            raise self.error
        kept = f"{total - self.count + self.done:,} of {total:,} answers are kept in {self.answers.path}"
        if self.spent:
            raise InputError(f"max_requests {self.endpoint.max_requests} reached; {kept}; raise it to ask for the rest")
        if self.given_up:
            raise InputError(
                f"{self.endpoint.url}: {self.given_up:,} prompts got no answer, with {self.endpoint.retries} retries "
                f"(last: {self.failed}); {kept}; run again to ask for the rest"
            )

    def _show(self, total: int, seconds: float) -> None:
        first = total - self.count
        at = Reached("few_shot", first + self.done, total, "answers", seconds, first=first)
        display().reached(at, lambda _: self.tell(self._line(total, seconds)))

    def _line(self, total: int, seconds: float) -> str:
        # The same look as the progress of a trainer, which stands on a higher floor.
        rate = self.done / max(seconds, 1e-9)
        line = f"{total - self.count + self.done:,}/{total:,} answers · {rate:.1f}/s"
        if self.done:
            minutes, rest = divmod(round((self.count - self.done) / rate), 60)
            line += f" · {minutes}:{rest:02d} left"
        return f"{line} · last failure: {self.failed}" if self.failed else line

    def _work(self, number: int) -> None:
        try:
            with requests.Session() as session:
                while (asked := self._next()) is not None:
                    self._answer(session, *asked)
        except BaseException as error:
            with self.lock:
                self.error = self.error or error
            self.stop.set()
        finally:
            self._leave(number)

    def _leave(self, number: int) -> None:
        with self.lock:
            self.at_work.discard(number)
            if not self.at_work:
                self.ended.set()

    def _next(self) -> tuple[str, tuple[int, Any]] | None:
        with self.lock:
            return self.left.popleft() if self.left and not self.stop.is_set() else None

    def _answer(self, session: requests.Session, name: str, prompt: tuple[int, Any]) -> None:
        number, body = prompt
        tries = failures = 0
        seen = self.done
        while self._may_send():
            try:
                answer = send(session, self.endpoint.url, body, self.key, self.endpoint.timeout)
            except RefusedError as refusal:
                raise self._refused(refusal, number) from None
            except TransientError as failure:
                self.failed = str(failure)
                self.answers.add_failure(name, str(failure))
                # Too many requests are no fault of this one, as long as others are answered.
                tries, failures, seen = tries + 1, failures + (not failure.crowded or self.done == seen), self.done
                if failures > self.endpoint.retries:
                    return self._give_up()
                self._pause(failure, tries)
            else:
                self.answers.add(name, answer)
                with self.lock:
                    self.done, self.in_a_row = self.done + 1, 0
                return None
        return None

    def _give_up(self) -> None:
        with self.lock:
            self.given_up, self.in_a_row = self.given_up + 1, self.in_a_row + 1
            if self.in_a_row == _IN_A_ROW:
                self.stop.set()

    def _may_send(self) -> bool:
        if not self.pace.take():
            return False
        with self.lock:
            limit = self.endpoint.max_requests
            if limit is not None and self.sent >= limit:
                self.spent = True
                self.stop.set()
                return False
            self.sent += 1
            return True

    def _pause(self, failure: TransientError, tries: int) -> None:
        wait = min(_LONGEST, _PAUSE * 2 ** min(tries - 1, 10)) if failure.wait is None else failure.wait
        if wait > _PATIENCE:
            raise InputError(f"{self.endpoint.url}: asks to wait {wait:,.0f} s ({failure}); run again then, to go on")
        # Longer by chance, never shorter, so that those who failed together do not come back together.
        if failure.crowded:
            self.pace.hold(wait)
        self.stop.wait(wait * (1 + random.random() / 4))

    def _refused(self, refusal: RefusedError, number: int) -> InputError:
        check = _CHECK.get(refusal.status, "check model, max_tokens, temperature and parameters")
        check = check.format(self.endpoint.key_variable)
        return InputError(f"{self.endpoint.url} answered {refusal.status} to prompt {number}: {refusal}; {check}")
