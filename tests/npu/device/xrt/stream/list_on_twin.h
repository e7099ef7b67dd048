// SPDX-License-Identifier: LGPL-2.1-or-later
// A list as an instruction stream on the twin: the buffers before it, and what must lie in them
// behind it, from the same operations given to cores object by object.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "array.h"
#include "array_model.h"
#include "device/xrt/stream/transfers.h"
#include "recorded_streams.h"

namespace npu::testing {

// The five buffers of a run, slots of caches one behind the other, and one for waste.
class TwinMemory {
 public:
  static constexpr unsigned kWasteArgument = 5;
  static constexpr size_t kArguments = 6;

  TwinMemory(ArrayMemory& from, const ContextLimits& limits);
  TwinMemory(const TwinMemory& other) { restore(other); }
  TwinMemory& operator=(const TwinMemory&) = delete;

  // Contents, and what of them is written, as in `from`.
  void restore(const TwinMemory& from);

  array::Place place(const array::BufferPlace& of) const;
  std::byte* at(const array::BufferPlace& of) {
    const array::Place found = place(of);
    return bytes_[found.argument].data() + found.offset_bytes;
  }
  std::span<const std::byte> bytes(size_t argument) const { return bytes_[argument]; }
  // Of a run on the twin; they borrow this.
  std::vector<twin::Buffer> buffers();

 private:
  std::vector<std::byte> bytes_[kArguments];
  twin::WordMap written_[kArguments];
  uint64_t slot_bytes_[kArguments] = {};
};

// One run of a list. Made on memory as it is before the run.
class ListOnTwin {
 public:
  // `on_cores` runs the list on the model's cores; what the host writes for it is what it has
  // written then. Errors: those of lowering and of the stream.
  static Result<ListOnTwin> make(ArrayModel& model, const ContextLimits& limits, size_t list,
                                 std::span<const Row> rows, const std::function<void()>& on_cores);

  const std::string& name() const { return recorded_.name; }
  const std::vector<uint32_t>& words() const { return recorded_.words; }
  const RecordedStream& recorded() const { return recorded_; }
  const TwinMemory& before() const { return before_; }
  size_t compared_bytes() const { return compared_bytes_; }

  // Where results differ from those of the cores: the operation and the offset; "" if nowhere.
  std::string difference(TwinMemory& after) const;

 private:
  // What an operation gives, and how many bytes of it have a meaning.
  struct Given {
    const array::Operation* by;
    array::BufferPlace place;
    size_t bytes, meant;
  };
  struct Expected {
    std::string by;
    array::BufferPlace place;
    std::vector<std::byte> bytes;
  };

  explicit ListOnTwin(const TwinMemory& before) : before_(before) {}
  static std::vector<Given> results_of(const array::Operation& operation,
                                       std::span<const array::AppendedRow> rows);
  void expect_results(ArrayMemory& memory, const std::vector<Given>& all);

  RecordedStream recorded_;
  TwinMemory before_;
  std::vector<Expected> expected_;
  size_t compared_bytes_ = 0;
};

}  // namespace npu::testing
