from __future__ import annotations

from django.test import RequestFactory

from initiatives.documents import MOST_BYTES
from initiatives.uploads import BoundedUpload

CHUNK = b"0" * 65_536


def received(name: str, chunks: int):
    """What the handler makes of a file that comes in so many chunks."""
    handler = BoundedUpload(RequestFactory().post("/"))
    handler.new_file("file", name, "application/pdf", None)
    for number in range(chunks):
        handler.receive_data_chunk(CHUNK, number * len(CHUNK))
    return handler.file_complete(chunks * len(CHUNK))


class TestBoundedUpload:
    def test_takes_in_what_may_be_stored(self):
        with received("a.pdf", 3) as file:
            assert (file.size, file.read()) == (3 * len(CHUNK), CHUNK * 3)

    def test_writes_no_more_than_tells_that_it_is_too_large(self):
        chunks = 2 * MOST_BYTES // len(CHUNK)
        with received("a.pdf", chunks) as file:
            assert file.size == 2 * MOST_BYTES
            assert MOST_BYTES < len(file.read()) <= MOST_BYTES + len(CHUNK)

    def test_takes_an_ending_that_is_longer_than_names_of_files_may_be(self):
        with received("a." + "x" * 400, 1) as file:
            assert file.size == len(CHUNK)
