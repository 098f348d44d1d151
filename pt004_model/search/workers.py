"""The executors that jobs are handed to: processes of this machine, or a cluster of Dask's.

A worker that dies takes the job with it that it had, and that job is done again. Nothing here knows
what a job is about.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, ClassVar, Final

from attrs import define, field, frozen

from pt004_model.interrupts import Interruption
from pt004_model.search.jobs import VERSION, Job, OtherVersion, perform
from pt004_model.shrink.triage import NoLonger

TRIES: Final = 3
"""How often a job is handed out whose workers die of it."""
_LOOK: Final = 0.5
"""Seconds between two looks at how a campaign stands."""


class NoWorkers(Interruption):
    """There are no workers that can be used; the message is a sentence for people."""


@frozen
class Engine:
    """Something that does so many jobs at once.

    ``here`` says that its workers share our disk, ``dead`` are the errors by which it says that a
    worker died.
    """

    here: ClassVar[bool] = False
    dead: ClassVar[tuple[type[BaseException], ...]] = ()
    workers: int

    def started(self) -> AbstractContextManager[Executor]:
        """Start workers; all of them end with the context, whatever they are doing."""
        raise NotImplementedError


ALONE: Final = Engine(1)
"""This process, to which nothing has to be handed."""


class Processes(Engine):
    """Processes on this machine."""

    here = True
    dead = (BrokenProcessPool,)

    @contextmanager
    def started(self) -> Iterator[Executor]:
        """Start them; each ends at once when we do, even when we are killed."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([perform.__module__])
        ours, theirs = context.Pipe()
        pool = ProcessPoolExecutor(self.workers, context, _begin, (theirs,))
        try:
            yield pool
        finally:
            ours.close()
            pool.shutdown(cancel_futures=True)
            theirs.close()


def _begin(theirs: Connection) -> None:
    """Begin a worker: interrupts are for whoever started it, whose end it does not outlive."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    Thread(target=_end_with, args=(theirs,), daemon=True).start()


def _end_with(theirs: Connection) -> None:
    try:
        theirs.recv_bytes()
    except EOFError:
        os._exit(1)


@define
class Sent:
    """A job that was handed out, to ``executor``, for the time of ``tries``."""

    packed: bytes = field(repr=False)
    executor: Executor
    future: Future[bytes]
    tries: int = 1


@define
class Workers:
    """The workers of a campaign, for as long as the context that it is."""

    engine: Engine
    _stack: ExitStack = field(factory=ExitStack)
    _executor: Executor | None = None

    def __enter__(self) -> Workers:
        self._executor = self._stack.enter_context(self.engine.started())
        return self

    def __exit__(self, *_: object) -> None:
        self._executor = None
        self._stack.close()

    def submit(self, job: Job) -> Sent:
        """Hand out a job."""
        return self._hand_out(pickle.dumps(job))

    def _hand_out(self, packed: bytes) -> Sent:
        assert self._executor is not None  # noqa: S101 - within the context
        return Sent(packed, self._executor, self._executor.submit(perform, VERSION, packed))

    def result(self, sent: Sent, meanwhile: Callable[[], None]) -> Any:
        """Wait for what comes of a job, and call ``meanwhile`` now and then.

        Raises :class:`NoLonger` when there are no workers that can do it.
        """
        while True:
            while not wait((sent.future,), _LOOK).done:
                meanwhile()
            try:
                return pickle.loads(sent.future.result())  # noqa: S301 - a worker of ours made it
            except self.engine.dead:
                self._again(sent)
            except (OtherVersion, NoWorkers) as other:
                raise NoLonger(str(other)) from None
            except CancelledError:
                raise NoLonger("the workers are gone, with all that they had to do") from None

    def _again(self, sent: Sent) -> None:
        """Hand out a job again that was lost with its worker."""
        if sent.tries == TRIES:
            raise NoLonger(f"{TRIES} workers died of the same job, so that it cannot be done")
        if sent.executor is self._executor:
            self._stack.close()
            self._executor = self._stack.enter_context(self.engine.started())
        again = self._hand_out(sent.packed)
        sent.executor, sent.future, sent.tries = again.executor, again.future, sent.tries + 1
