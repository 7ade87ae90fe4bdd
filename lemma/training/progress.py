"""Training progress: steps, loss and remaining time."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import TrainerCallback


class TrainingProgress(TrainerCallback):
    """A bar on a terminal; otherwise, as in a log file, a line at every evaluation and every tenth of the steps."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (
            TextColumn("train"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("train", loss="")
        self._began = (0, 0.0)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock at the step that training starts from."""
        self._began = (state.global_step, time.monotonic())
        if state.is_world_process_zero:
            self._bar.update(self._task, total=state.max_steps, completed=state.global_step)
            self._bar.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:
        """Show the loss; without a terminal, print a line now and then."""
        shown = [f"{name} {float(logs[name]):.3f}" for name in ("loss", "eval_loss") if name in logs]
        if not shown or not state.is_world_process_zero:
            return
        self._bar.update(self._task, loss=shown[0])
        often = max(1, state.max_steps // 10)
        if not self._console.is_terminal and ("eval_loss" in logs or state.global_step % often < args.logging_steps):
            first, since = self._began
            done, remaining = state.global_step - first, state.max_steps - state.global_step
            line = f"step {state.global_step} of {state.max_steps}: {', '.join(shown)}"
            if done and remaining:
                line += f", {timedelta(seconds=round((time.monotonic() - since) / done * remaining))} left"
            self._console.print(line, highlight=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Remove the bar."""
        self._bar.stop()
