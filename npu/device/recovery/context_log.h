// SPDX-License-Identifier: LGPL-2.1-or-later
// What a context has been told, as far as it matters still, so that another one can be told again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "device/device.h"
#include "result.h"

namespace npu {

// Remembers the buffer that was written last and the lists that ran on it; for each cross slot what
// filled it; for each self slot its rows. Because what a row gives depends on nothing else, a
// context of the same arithmetic that is told all this goes on with the same bits. Only what a run
// needs is told before it: a window that is encoded anew needs nothing of the one before.
//
// Of what a cross slot held before it was filled anew nothing is kept, nor are the histories that
// attended to it: they must begin anew, as decoding a window does. Allocates nothing in the steady
// state. Not thread-safe.
class ContextLog {
 public:
  ContextLog(std::span<const OpList> lists, const ContextLimits& limits);

  // What has been done. `reached`: the context of now has got it, too.
  void wrote(std::string_view buffer, std::span<const float> data, bool reached);
  void ran(size_t list, const Replay& replay);

  // From now on the context is another one, which knows nothing.
  void begin_anew();
  // Tells `context` what it must know before `list` runs. Errors: those of Context::write() and
  // run().
  Result<void> prepare(Context& context, size_t list, const CancelToken& cancel,
                       const Deadline& deadline);

 private:
  struct ListFacts {
    bool has_rows = false, stores = false;
    size_t alignment_heads = 0;
  };
  // A buffer with what was written to it, and the lists that ran since.
  struct Sound {
    uint64_t number = 0;  // of the write; 0: none
    std::string buffer;
    std::vector<float> data;
    std::vector<size_t> lists;
  };
  struct CrossSlot {
    Sound sound;
    size_t list = 0;  // that stored it
    bool there = true;
  };
  struct Entry {
    int token;
    int cross_slot;
    size_t list;  // that appended it
  };
  using History = std::vector<Entry>;

  void permute(std::span<const int> parents);
  void stored(size_t slot, size_t list);
  Result<void> hear(Context& context, const Sound& sound, const CancelToken& cancel,
                    const Deadline& deadline);
  Result<void> bring_sound(Context& context, const CancelToken& cancel, const Deadline& deadline);
  Result<void> bring_caches(Context& context, const CancelToken& cancel, const Deadline& deadline);
  Result<void> bring_history(Context& context, size_t slot, const CancelToken& cancel,
                             const Deadline& deadline);

  const ContextLimits limits_;
  std::vector<ListFacts> facts_;
  Sound sound_;  // of now
  std::vector<CrossSlot> cross_slots_;
  std::vector<History> histories_, moved_;  // by self slot; moved_ is spare
  // Whether the context has what the log has, beside what CrossSlot::there says.
  bool sound_there_ = true, caches_there_ = true;
  // Scratch of bring_*().
  std::vector<size_t> order_;
  std::vector<Row> rows_;
  std::vector<float> alignment_;
};

}  // namespace npu
