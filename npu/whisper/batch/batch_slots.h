// SPDX-License-Identifier: LGPL-2.1-or-later
// The slots of a context in which hearings are decoded side by side.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cancel.h"
#include "model/model.h"
#include "result.h"
#include "whisper/alignment.h"
#include "whisper/batch/hearing.h"
#include "whisper/batch/history_pool.h"
#include "whisper/inference.h"
#include "whisper/options.h"
#include "whisper/search_driver.h"

namespace npu {

// How large a batch is. Streams with equal shapes can share one.
struct BatchShape {
  int slots;      // hearings at once
  int texts;      // of a hearing
  int histories;  // of a text at the first temperature
  int most;       // of a text at any temperature
  int positions;  // of a history

  HistoryPool pool() const;
};

// Each hearing has a slot: cross K,V and, for each of its texts, histories of its own. What is
// found in one has the same bits alone and in company. Keeps the hearings alive that have a slot.
// Not thread-safe.
class BatchSlots {
 public:
  // Errors: those of Program::create_context().
  static Result<std::unique_ptr<BatchSlots>> create(std::shared_ptr<const Model> model,
                                                    const BatchShape& shape);

  int size() const { return static_cast<int>(slots_.size()); }
  int taken() const;
  // Gives a hearing a slot. Preconditions: one is free; its parts are not decoded elsewhere.
  void take(std::shared_ptr<Hearing> hearing);
  // Lets a hearing go, if it has a slot, however far it is.
  void remove(const Hearing& hearing);

  // Whether a hearing waits for the encoder.
  bool unheard() const;
  // Does what is to be done next: times the words of a text, encodes a hearing, or takes a decode
  // step with all texts; what is nearest to its end comes first. Counts time and work as that of
  // the hearings concerned, a step's time by the rows that each had in it. Precondition: taken().
  // Errors: those of Context::run(). Nothing has changed then, and it may be called again.
  Result<void> run(const CancelToken& cancel);
  // What the last run() worked for, whether it succeeded or not; valid until the next call.
  std::span<Hearing* const> concerned() const { return concerned_; }
  // Hearings whose texts are all found; they have left.
  std::vector<std::shared_ptr<Hearing>> take_finished();

 private:
  enum class State {
    kOut,        // not wanted, or concluded
    kSearching,  // its search takes part in steps
    kWaiting,    // for histories to be lent
    kFound,      // its search has ended for good
  };
  // A text of the hearing in a slot.
  struct Part {
    int own_slot;                      // the first of its own histories
    std::optional<int> borrowed = {};  // a set of others
    State state = State::kOut;
  };
  struct Slot {
    int cross_slot;
    std::vector<Part> parts;
    std::shared_ptr<Hearing> hearing = nullptr;  // null: free
    bool encoded = false;
    bool begun = false;
  };
  struct Place {
    Slot* slot;
    size_t part;
    ChunkText& text() const { return slot->hearing->parts[part].text; }
    Part& state() const { return slot->parts[part]; }
  };

  BatchSlots(std::shared_ptr<const Model> model, const BatchShape& shape,
             std::unique_ptr<Context> context, const ContextLimits& limits);

  std::optional<Place> find(const Search* search);
  std::optional<Place> first_found();
  Slot* first_unheard();
  Result<void> conclude(const Place& place, const CancelToken& cancel);
  Result<void> hear(Slot& slot, const CancelToken& cancel);
  Result<void> detect(const Slot& slot, const CancelToken& cancel);
  Result<void> step(const CancelToken& cancel);
  void share_step();
  void take_found(const Search* search);
  void give_up(Slot& slot);
  void lend_histories();
  void give_back(Part& part);

  std::shared_ptr<const Model> model_;  // first: outlives the context
  TranscriberStats spent_;              // in the last run()
  Inference inference_;
  SearchDriver driver_;
  Aligner aligner_;
  HistoryPool histories_;
  std::vector<Slot> slots_;
  std::vector<Hearing*> concerned_;
  std::vector<Place> waiting_;  // for histories, in their order
};

}  // namespace npu
