"""Workers on a cluster of Dask's: the extra ``cluster``, which this module alone names.

Dask itself gives a job to another worker when one dies, and gives up after some.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from attrs import evolve, frozen
from distributed import Client
from distributed.scheduler import KilledWorker

from pt004_model.search.jobs import VERSION
from pt004_model.search.workers import Engine, NoWorkers


@frozen
class Cluster(Engine):
    """The workers of the scheduler at an address; so many jobs at once, or 0 for its threads.

    ``patience`` is the seconds in which it must answer and there must be a worker.
    """

    dead = (KilledWorker,)
    address: str = ""
    patience: float = 30.0

    @contextmanager
    def started(self) -> Iterator[Executor]:
        """Connect to it. What it is still doing when this ends is of no use to anybody.

        Raises :class:`NoWorkers`.
        """
        with self._client() as client:
            pool = client.get_executor(pure=False)
            try:
                yield pool
            finally:
                pool.shutdown(wait=False)

    def counted(self) -> Cluster:
        """Return this with as many workers as there are, if no number was given.

        Raises :class:`NoWorkers` where there are none, or some with another version.
        """
        with self._client() as client:
            try:
                client.wait_for_workers(1, timeout=self.patience)
            except TimeoutError:
                raise NoWorkers(f"the scheduler {self.address} has no worker") from None
            theirs: dict[str, Any] = client.run(version, "pt004_model", on_error="return")
            for worker, there in theirs.items():
                if there != VERSION:
                    what = "no pt004_model" if isinstance(there, Exception) else f"pt004 {there}"
                    raise NoWorkers(f"the worker {worker} has {what}, and this is pt004 {VERSION}")
            threads = sum(client.nthreads().values())
        return self if self.workers else evolve(self, workers=threads)

    def _client(self) -> Any:
        connect: Any = Client  # it has no types
        try:
            return connect(self.address, timeout=self.patience, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise NoWorkers(
                f"no Dask scheduler answers at {self.address}: start one with `dask scheduler`"
            ) from error
