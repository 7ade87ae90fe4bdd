"""Connect to a Ray cluster, or start one on this machine; lemma's code and data folders travel with the job.

    ray = connected("ray", workers=8)
    ray.get(ray.remote(function).remote(item))

No dashboard and no usage statistics, unless the environment asks for them. What a cluster's nodes need themselves is
Python and the packages that lemma depends on.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lemma
from lemma.exceptions import LemmaError, MissingExtraError
from lemma.resources import data_folder

_CLIENT_PORT, _SECONDS_TO_REACH = 10001, 10.0
_DATA_FOLDERS = ("error_taxonomy", "prompts", "pipelines")
_connecting = threading.Lock()


def connected(engine: str, workers: int) -> Any:
    """The module `ray`, connected. `ray` is the cluster of this machine or of RAY_ADDRESS; if there is none, one with
    this number of workers starts here, and ends with this process.

    Raises MissingExtraError without Ray, LemmaError if the cluster can't be used.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "ray") from None
    quiet = {"log_to_driver": False, "logging_level": "error", "configure_logging": False}
    logging.getLogger("ray").setLevel(logging.ERROR)
    with _connecting, _own_handlers():
        if ray.is_initialized():
            return ray
        try:
            try:
                with _package() as package, warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # what matters comes as an error
                    _refuse_dead(engine)
                    address = "auto" if engine == "ray" else engine
                    ray.init(address, runtime_env={"py_modules": [str(package)]}, **quiet)
            except ConnectionError:
                if engine != "ray" or os.environ.get("RAY_ADDRESS"):
                    raise
                # Its processes inherit this one's environment, so they import the same package.
                ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
        except Exception as error:  # a cluster can refuse in as many ways as there are layers
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise LemmaError(f"--engine {engine}: {reason}; check the cluster with `ray status`") from None
    return ray


def _refuse_dead(engine: str) -> None:
    """Raise OSError if nobody answers at the address of a Ray Client server: Ray itself takes half a minute to say so,
    and does not say why.
    """
    if engine == "ray":
        return
    address = urlsplit(engine)
    port = address.port or _CLIENT_PORT
    socket.create_connection((address.hostname, port), timeout=_SECONDS_TO_REACH).close()


@contextmanager
def loss_as_error() -> Iterator[None]:
    """Raises LemmaError if the block fails because the cluster of a Ray Client is lost: each layer has its own way."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ConnectionError) or type(error).__module__.startswith("grpc"):
            told = getattr(error, "details", None)
            reason = told() if callable(told) else error
            raise LemmaError(f"the Ray cluster is gone ({reason}). Rerun the command to resume") from None
        raise


@contextmanager
def _package() -> Iterator[Path]:
    """A folder `lemma` with the package and its data folders, as in the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "lemma")
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(lemma.__file__).parent, package, ignore=ignored)
        for name in _DATA_FOLDERS:
            if not (package / "_data" / name).is_dir():
                shutil.copytree(data_folder(name), package / "_data" / name, ignore=ignored)
        yield package


@contextmanager
def _own_handlers() -> Iterator[None]:
    """Ray takes SIGTERM over; the command line has its own way to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
