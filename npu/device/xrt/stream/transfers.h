// SPDX-License-Identifier: LGPL-2.1-or-later
// An operation of the array (device/xrt/image/operation.h) as transfers of its shims.
//
// The objects are those of device/xrt/image/objects.h, in that order. What cores give without valid
// rows, and the rest of an object that is not full, goes to waste: a channel cannot throw words
// away.
//
// The transfers of an operation are cut into slices, since a shim has 16 descriptors and a channel
// queues 4 tasks. A slice is a number of rounds; all its tasks are started, then its tokens are
// awaited. They come from the last C task of each column. What has been read from DDR follows from
// them: the last object of C of a column needs all B of the column, and in the last column that has
// a tile all A. Where it does not follow (a round that ends within an object, a column that only
// passes), the last task of B or A bears a token itself.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "device/xrt/image/objects.h"
#include "device/xrt/image/operation.h"
#include "device/xrt/stream/stream_writer.h"
#include "result.h"

namespace npu::array {

// What of an operation is started at once, in the order c, b, a.
struct Slice {
  std::vector<Task> c, b, a;
};

struct Transfers {
  std::string name;  // of the operation, for messages
  std::vector<Slice> slices;
  // B reads nothing that operations of the same stream write (weights, what the host wrote, a cross
  // cache, which lists of its own fill): it may be started before they end.
  bool reads_b_early = false;
};

// What words that nobody wants take, of each column.
inline constexpr uint64_t kWasteBytes = 16384;

// Where things are in a run.
struct Binding {
  std::function<Place(const BufferPlace&)> place;  // argument and offset
  Place waste;                                     // kColumns * kWasteBytes, which nobody reads
  std::span<const AppendedRow> rows;               // of kCacheRows
};

// Only outputs of kCacheRows depend on the rows: transfers of other operations may be kept from run
// to run. Errors: kInvalidArgument (an operation that has no transfers: of kPass, of a shape or a
// number of rows that kernels/layout/descriptor.h has not; a field of a descriptor beyond its
// limit).
Result<Transfers> transfers_of(const Operation& operation, const Binding& binding);

}  // namespace npu::array
