"""Several recordings at once, and what comes of them in the order in which they were given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Say = Callable[[str], None]


class Turn(Generic[Item, Result]):
    """One item, what is said while it is worked on, and what comes of it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._done: Future[Result] = Future()

    def lines(self) -> Iterator[str]:
        """As they come, until the work is done."""
        return iter(self._lines.get, None)

    def result(self) -> Result:
        """Waits for it; raises what the work raised."""
        return self._done.result()

    def work(self, function: Callable[[Item, Say], Result]) -> None:
        """On a thread of its own: ``function(item, say)``, which says lines."""
        try:
            self._done.set_result(function(self.item, self._lines.put))
        except BaseException as error:
            self._done.set_exception(error)
        finally:
            self._lines.put(None)


def in_turn(
    function: Callable[[Item, Say], Result],
    items: Iterable[Item],
    jobs: int,
    stop: Event,
) -> Generator[Turn[Item, Result], None, None]:
    """Works on several items at once.

    Args:
        function: ``function(item, say)``, on threads of their own. Ends soon once ``stop`` is set.
        items: taken, on this thread, before the first turn comes.
        jobs: how many at once.
        stop: set when the iteration ends. Where that is before the last turn, it waits for
            what is under way.

    Yields:
        Each item's turn, in their order, as soon as the one before is done with.
    """
    waiting: deque[Turn[Item, Result]] = deque()
    pool = ThreadPoolExecutor(jobs)
    try:
        for item in items:
            waiting.append(Turn(item))
            pool.submit(waiting[-1].work, function)
        while waiting:
            yield waiting.popleft()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
