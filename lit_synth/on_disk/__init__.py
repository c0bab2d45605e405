"""What may be as long as a data set is kept in files: memory holds some bytes a row, however long the row is."""

from lit_synth.on_disk.by_id import RowsById
from lit_synth.on_disk.hashes import Hashes, digest
from lit_synth.on_disk.kept import Kept
from lit_synth.on_disk.ordering import in_order, scratch

__all__ = ["Hashes", "Kept", "RowsById", "digest", "in_order", "scratch"]
