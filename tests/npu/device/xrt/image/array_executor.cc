// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array_executor.h"

#include <algorithm>
#include <cstring>

#include "core/host_core.h"
#include "result.h"

namespace npu::testing {
namespace {

using array::Piece;
using Object = std::vector<Piece>;

constexpr std::byte kPoison{0xA5};
constexpr size_t kObjectBytes = kernels::kObjectBytes;
constexpr size_t kResultBytes = kernels::CoreMemory::kOutput;

std::vector<Object> objects_of(const std::function<void(const array::VisitObject&)>& loop) {
  std::vector<Object> objects;
  loop([&](std::span<const Piece> pieces) { objects.emplace_back(pieces.begin(), pieces.end()); });
  return objects;
}

// Objects out of memory, through a fifo of two buffers.
class Source : public kernels::HostSource {
 public:
  Source(ArrayMemory& memory, std::vector<Object> objects)
      : memory_(memory), objects_(std::move(objects)) {}

  bool more() override { return next_ < objects_.size() && fault_.empty(); }
  const int8_t* acquire() override {
    std::byte* to = fifo_.data() + next_ % 2 * kObjectBytes;
    std::fill_n(to, kObjectBytes, kPoison);
    if (next_ >= objects_.size()) {
      fault_ = text("asked for more than ", objects_.size(), " objects");
      return reinterpret_cast<const int8_t*>(to);
    }
    size_t bytes = 0;
    for (const Piece& piece : objects_[next_]) {
      const std::byte* from = memory_.find(*piece.place, piece.bytes);
      if (from == nullptr || bytes + piece.bytes > kObjectBytes) {
        fault_ = text("object ", next_, ": ", piece.bytes, " bytes at ", piece.place->offset,
                      " of buffer ", static_cast<int>(piece.place->buffer), " are not there");
        return reinterpret_cast<const int8_t*>(to);
      }
      std::memcpy(to + bytes, from, piece.bytes);
      bytes += piece.bytes;
    }
    if (bytes != kObjectBytes) fault_ = text("object ", next_, " has ", bytes, " bytes");
    return reinterpret_cast<const int8_t*>(to);
  }
  void release() override {
    std::fill_n(fifo_.data() + next_ % 2 * kObjectBytes, kObjectBytes, kPoison);
    ++next_;
  }
  std::string fault() const {
    if (fault_.empty() && next_ != objects_.size())
      return text("took ", next_, " of ", objects_.size(), " objects");
    return fault_;
  }

 private:
  ArrayMemory& memory_;
  std::vector<Object> objects_;
  cpu::AlignedArray<std::byte> fifo_{2 * kObjectBytes};
  size_t next_ = 0;
  std::string fault_;
};

using Key = ArrayExecutor::Key;

Key key_of(const array::BufferPlace& place) {
  return {static_cast<int>(place.buffer), place.slot, place.offset};
}

class Sink : public kernels::HostSink {
 public:
  using Take = std::function<void(const array::BufferPlace&, const std::byte*, size_t)>;
  Sink(std::vector<Object> objects, Take take)
      : objects_(std::move(objects)), take_(std::move(take)) {}

  int8_t* acquire() override {
    std::fill_n(fifo_.data(), kResultBytes, kPoison);
    return reinterpret_cast<int8_t*>(fifo_.data());
  }
  void release() override {
    if (next_ < objects_.size()) {
      size_t bytes = 0;
      for (const Piece& piece : objects_[next_]) {
        if (piece.place) take_(*piece.place, fifo_.data() + bytes, piece.bytes);
        bytes += piece.bytes;
      }
      if (bytes != kResultBytes) fault_ = text("object ", next_, " has ", bytes, " bytes");
    }
    ++next_;
  }
  std::string fault() const {
    if (fault_.empty() && next_ != objects_.size())
      return text("gave ", next_, " objects in place of ", objects_.size());
    return fault_;
  }

 private:
  std::vector<Object> objects_;
  Take take_;
  cpu::AlignedArray<std::byte> fifo_{kResultBytes};
  size_t next_ = 0;
  std::string fault_;
};

}  // namespace

ArrayExecutor::Core::Core(unsigned row) {
  for (auto* memory : {&scratch, &parameters, &table})
    std::fill_n(memory->data(), memory->size(), static_cast<int8_t>(kPoison));
  state = {row, scratch.data(), reinterpret_cast<kernels::CoreParameters*>(parameters.data()),
           reinterpret_cast<int16_t*>(table.data()), false};
}

ArrayExecutor::ArrayExecutor(ArrayMemory& memory) : memory_(memory) {
  restart();
}

void ArrayExecutor::restart() {
  cores_.clear();
  for (unsigned column = 0; column < array::kArrayColumns; ++column)
    for (unsigned row = 0; row < kernels::kCoreRows; ++row) cores_.emplace_back(row);
}

std::string ArrayExecutor::run(const array::Operation& operation,
                               std::span<const array::AppendedRow> rows) {
  results_.clear();
  read_.clear();
  for (unsigned column = 0; column < array::kArrayColumns; ++column)
    for (unsigned row = 0; row < kernels::kCoreRows; ++row) {
      const std::string fault = run_core(operation, column, row, rows);
      if (!fault.empty())
        return text(operation.name, ": core ", row, " of column ", column, ": ", fault);
    }
  const std::string fault = write_results();
  return fault.empty() ? "" : text(operation.name, ": ", fault);
}

std::string ArrayExecutor::run_core(const array::Operation& operation, unsigned column,
                                    unsigned row, std::span<const array::AppendedRow> rows) {
  Core& core = cores_[column * kernels::kCoreRows + row];
  Source a(memory_, objects_of([&](const auto& visit) { for_each_a(operation, row, visit); }));
  Source b(memory_, objects_of([&](const auto& visit) { for_each_b(operation, column, visit); }));
  Sink c(objects_of([&](const auto& visit) { for_each_c(operation, column, row, rows, visit); }),
         [&](const array::BufferPlace& place, const std::byte* from, size_t bytes) {
           results_.push_back({place, {from, from + bytes}});
         });
  for_each_a(operation, row, [&](std::span<const Piece> pieces) {
    for (const Piece& piece : pieces) read_.insert({key_of(*piece.place), piece.bytes});
  });
  kernels::run_core(kernels::Program::kWhole, a, b, c, core.state);
  if (core.state.stopped) return "stopped";
  if (!a.fault().empty()) return "A: " + a.fault();
  if (!b.fault().empty()) return "B: " + b.fault();
  return c.fault().empty() ? "" : "C: " + c.fault();
}

// All of them, no byte twice, and none that A reads: it may come before or after.
std::string ArrayExecutor::write_results() {
  for (const Result& result : results_) {
    std::byte* to = memory_.find(result.place, result.bytes.size());
    if (to == nullptr)
      return text("C: ", result.bytes.size(), " bytes at ", result.place.offset, " of buffer ",
                  static_cast<int>(result.place.buffer), " are not there");
    std::copy(result.bytes.begin(), result.bytes.end(), to);
  }
  std::sort(results_.begin(), results_.end(),
            [](const Result& a, const Result& b) { return key_of(a.place) < key_of(b.place); });
  const auto meet = [](const Key& a, size_t a_bytes, const Key& b, size_t b_bytes) {
    return std::get<0>(a) == std::get<0>(b) && std::get<1>(a) == std::get<1>(b) &&
           std::get<2>(a) < std::get<2>(b) + b_bytes && std::get<2>(b) < std::get<2>(a) + a_bytes;
  };
  for (size_t i = 0; i < results_.size(); ++i) {
    const Key key = key_of(results_[i].place);
    const size_t bytes = results_[i].bytes.size();
    const auto where = [&] { return text(std::get<2>(key), " of buffer ", std::get<0>(key)); };
    if (i + 1 < results_.size() &&
        meet(key, bytes, key_of(results_[i + 1].place), results_[i + 1].bytes.size()))
      return text("C: bytes behind ", where(), " are written twice");
    // What begins at most an object before it.
    const uint64_t offset = std::get<2>(key);
    Key first = key;
    std::get<2>(first) = offset - std::min(offset, uint64_t{kObjectBytes});
    for (auto read = read_.lower_bound(first);
         read != read_.end() && std::get<2>(read->first) < offset + bytes; ++read)
      if (meet(key, bytes, read->first, read->second))
        return text("C: bytes behind ", where(), " are read too");
  }
  return "";
}

}  // namespace npu::testing
