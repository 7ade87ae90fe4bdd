"""Imported by the server that forks the workers, and by nothing else: importing it prepares that process."""

from lemma.engine.worker_process import prepare_server

prepare_server()
