// SPDX-License-Identifier: LGPL-2.1-or-later
// A context of the NPU: buffers and caches on the device, kept commands, and the replay of lists.
//
// A list without rows and a step of one row have commands of their own, whose instruction streams
// never change: where the row is appended and which caches it sees are parts of buffers, set as
// arguments; its token and how many keys it sees are in the host's buffer. Rows of several slots or
// positions have streams that are written anew, into memory that is kept.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/cpu/aligned.h"
#include "device/cpu/score.h"
#include "device/xrt/command_streams.h"
#include "device/xrt/image/host_values.h"
#include "device/xrt/program.h"
#include "device/xrt/row_chunks.h"
#include "device/xrt/self_slots.h"

namespace npu::array {

class ArrayContext : public Context {
 public:
  // `limits` have been checked. Throws std::bad_alloc. Errors: kOutOfMemory, kDeviceLost.
  static Result<std::unique_ptr<ArrayContext>> create(const ArrayProgram& program,
                                                      const ContextLimits& limits);
  ~ArrayContext() override;

  // What precision=npu on the CPU lets be written and read.
  Result<void> write(std::string_view buffer, std::span<const float> data) override;
  Result<void> read(std::string_view buffer, std::span<float> data) override;
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

  const Traffic& traffic() const { return traffic_; }

 private:
  struct HostBuffer {
    size_t rows = 0, cols = 0;
    Tiles tiles;
    bool is_features = false;
  };
  // A list in one shape.
  struct Prepared {
    RunShape shape;
    LoweredList lowered;
    std::vector<Command> commands;
    bool is_lowered = false;
  };
  struct Key {
    size_t list = 0;
    bool is_scored = false;
    size_t stored = 0;  // positions that the row attends to
    auto operator<=>(const Key&) const = default;
  };
  // One replay; borrowed.
  struct Turn {
    size_t list;
    const Replay& replay;
    const CancelToken& cancel;
    Deadline deadline;
  };

  ArrayContext(const ArrayProgram& program, const ContextLimits& limits);
  Result<void> make_buffers();
  Result<void> replay_list(const Turn& turn);
  Result<void> measure(uint64_t& activations, uint64_t& host);

  Result<void> settle(const CancelToken& cancel, Deadline deadline);
  Result<void> copy_caches(std::span<const CacheCopy> copies);
  Result<void> run_whole(const Turn& turn);
  Result<void> run_rows(const Turn& turn);
  Result<void> run_chunk(const Turn& turn);
  Result<void> score_chunk(const Turn& turn, const LoweredList& lowered);
  Result<void> take_alignment(const Turn& turn, const LoweredList& lowered);

  Result<void> put_features(const Turn& turn, const LoweredList& lowered);
  Result<void> put_rows(const Turn& turn, const Prepared& prepared);
  Result<void> put_descriptors(const Prepared& prepared);

  // One row, or none: kept.
  Result<Prepared*> kept(const Turn& turn, bool is_scored);
  // Several: the streams are of this chunk.
  Result<Prepared*> rewritten(const Turn& turn, bool is_scored);
  Result<void> lower(size_t list, const RunShape& shape, Prepared& prepared);
  Result<std::vector<CommandStream>> streams(const LoweredList& lowered, bool is_scored,
                                             const Binding& binding) const;
  Result<void> set_common(Command& command);
  Place whole_place(const BufferPlace& place) const;
  Place part_place(const BufferPlace& place) const;
  size_t stored_of(int cross_slot) const;
  Result<void> bind_parts(Prepared& prepared, size_t cross_slot, size_t cache, int position);
  Result<void> execute(Prepared& prepared, const Turn& turn);
  bool is_scored(const Turn& turn) const;

  const ArrayProgram& program_;
  Hardware& hardware_;
  ContextLimits limits_;
  Traffic traffic_;
  ListWork work_;  // times of the replay that runs
  std::map<std::string, HostBuffer, std::less<>> host_buffers_;
  SelfSlots slots_;
  std::vector<size_t> stored_;  // positions in each cross slot; 0: never stored

  DeviceBuffer activations_, host_, cross_, self_;
  uint64_t waste_ = 0, cross_bytes_ = 0, self_bytes_ = 0;  // of a slot
  std::vector<xrt::bo> cross_parts_;                       // by slot
  std::vector<xrt::bo> self_parts_;                        // by cache
  std::vector<std::vector<xrt::bo>> append_parts_;         // by cache, position; made when needed

  std::vector<int16_t> features_;
  std::optional<size_t> features_form_;  // the list that they lie in the host's buffer for

  std::map<Key, Prepared> kept_, rewritten_;
  const Prepared* descriptors_ = nullptr;  // whose lie in the host's buffer
  std::vector<Command*> pending_;
  RowChunk chunk_;
  std::vector<TokenRow> tokens_;
  cpu::ScoreScratch score_;
  std::vector<cpu::FloatArray> float_scratch_;  // by thread
};

}  // namespace npu::array
