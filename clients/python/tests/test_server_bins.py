"""Bins against a real server: the same scores to the bit, and those of another model refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from conftest import AS_OF, Shop
from leads import ALL, leads

from leadline import BinsMismatchError, Client
from leadline.batches import Options, encode_frame
from leadline.bins import Bins
from leadline.columns import Numbers
from leadline.forms import encode_numbers
from leadline.frames import wrap
from leadline.request import encode_request
from leadline.strings import Strings, encode_strings


def test_bins_score_as_their_numbers(server: str, shop: Shop) -> None:
    with Client(server, ca=shop.ca) as client:
        description, bins = client.describe(), client.bins()
        frame = wrap(leads(shop)[[column.name for column in description.columns]])
        asked = Options.of("", "", ALL, AS_OF, "ignore", "refuse", 5_000, None, 1)
        plain = encode_frame(frame, description, asked, 1, "")

        def message(of: dict[str, Bins | None]) -> bytearray:
            columns = []
            for column in description.columns:
                values = frame.column(column.name, column.kind, description.missing_tokens)
                own = of[column.name]
                if isinstance(values, Strings):
                    columns.append(
                        encode_strings(values, column.levels, description.missing_tokens, column.level_codes)
                    )
                elif own is None or not isinstance(values, Numbers):
                    columns.append(encode_numbers(values))
                else:
                    numbers = values.values.astype(np.float64)
                    columns.append(
                        own.encode(numbers if values.missing is None else np.where(values.missing, np.nan, numbers))
                    )
            return encode_request(
                fingerprint=description.fingerprint,
                rows=frame.rows,
                columns=columns,
                outputs=asked.outputs,
                as_of_days=asked.as_of_days,
            )

        def score(data: bytearray) -> dict[str, list[object]]:
            reply = client._run(client._core.ask(data, description, frame.rows, asked.outputs, None))
            return {name: values.tolist() for name, values in reply.results.items()}

        assert any(found is not None for found in bins.values())
        assert score(message(bins)) == score(plain)
        wrong = {
            name: None if own is None else dataclasses.replace(own, edges=np.append(own.edges, 1e300))
            for name, own in bins.items()
        }
        with pytest.raises(BinsMismatchError) as caught:
            score(message(wrong))
        assert caught.value.column is not None
