"""A progress bar where tqdm is installed, and nothing where it is not."""

from __future__ import annotations

from typing import Any


class Progress:
    """Counts rows."""

    def __init__(self, total: int | None, is_wanted: bool) -> None:
        self._bar: Any = None
        if is_wanted:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=total, unit="lead", unit_scale=True)

    def advance(self, rows: int) -> None:
        """Some rows were scored."""
        if self._bar is not None:
            self._bar.update(rows)

    def close(self) -> None:
        """No more rows will be."""
        if self._bar is not None:
            self._bar.close()
