"""Reports made on other machines: a Dask cluster takes requests and answers with pages."""

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.machine import CLUSTER, dask
from loyalty_kit.core.messages import message
from loyalty_kit.publishing.batches.scheduler import CarryOut
from loyalty_kit.publishing.history.requests import REQUEST, RESPONSE, Failure, RenderRequest, RenderResponse
from loyalty_kit.publishing.running.workers import carry_out

_PATIENCE = 30


@contextmanager
def connected(spec: str) -> Iterator[CarryOut]:
    """Connect with a cluster for as long as a batch runs.

    Parameters
    ----------
    spec : str
        'dask=ADDRESS', for example 'dask=tcp://10.0.0.5:8786'. Its workers need the kit and the
        study's folder under the same path; pages come back to this process, which publishes them.

    Yields
    ------
    callable
        Makes pages of requests, as many at a time as the cluster has threads.

    Raises
    ------
    InputError
        If it is no such text, the extra 'distributed' is not installed or nobody answers.
    """
    kind, _, address = spec.partition("=")
    if kind != "dask" or not address:
        raise InputError("'--executor' must be dask=ADDRESS; got '{spec}'.", spec=spec)
    package = dask()
    try:
        # The client itself tries an address of no known kind again and again.
        scheme, _ = package.comm.parse_address(address)
        package.comm.registry.get_backend(scheme)
        client = package.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            "No Dask scheduler answers at '{address}' ({given}).", address=address, given=type(error).__name__
        ) from None
    with client, client.get_executor(pure=False) as pool:
        threads = sum(client.nthreads().values()) or 1
        yield partial(_spread, pool=pool, most=threads, address=address)


def _spread(
    requests: Iterable[RenderRequest], *, pool: Executor, most: int, address: str
) -> Iterator[tuple[int, RenderResponse, float]]:
    """Keep as many requests under way as there are threads; a seceded task no longer counts for Dask itself."""
    coming = enumerate(requests)
    running: dict[Future[bytes], tuple[int, float]] = {}
    while True:
        for place, request in coming:
            running[pool.submit(_remote, REQUEST.dump_json(request), address)] = place, time.monotonic()
            if len(running) >= most:
                break
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            place, began = running.pop(future)
            yield place, _answer(future), time.monotonic() - began


def _answer(future: "Future[bytes]") -> RenderResponse:
    try:
        return RESPONSE.validate_json(future.result())
    except Exception as error:
        # Dask raises what it likes, the worker's own errors among it.
        kind = type(error).__name__
        return RenderResponse(
            failure=Failure(
                message("The cluster lost the report ({kind}): {said}", kind=kind, said=error),
                public=message("{kind} in the cluster.", kind=kind),
            )
        )


def _remote(text: bytes, address: str) -> bytes:
    """Carry a request out on a worker, in a process of its own.

    It leaves the worker's pool first: a kernel that sends replicates to the same cluster would otherwise wait for the
    threads that reports hold.
    """
    dask().secede()
    os.environ[CLUSTER] = address
    request = REQUEST.validate_json(text)
    if not Path(request.folder).is_dir():
        template = "A worker of the cluster does not see the folder '{folder}'; put the study where all do."
        return RESPONSE.dump_json(RenderResponse(failure=Failure(message(template, folder=request.folder))))
    ((_, response, _),) = carry_out([request], workers=1)
    return RESPONSE.dump_json(response)
