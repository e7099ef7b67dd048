// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/batch_slots.h"

#include <algorithm>
#include <cassert>

#include "whisper/language.h"

namespace npu {
namespace {

// Texts per set of histories for fallback.
constexpr int kTextsPerSet = 8;

}  // namespace

HistoryPool BatchShape::pool() const {
  const int all = slots * texts;
  return {all, histories, most, (all + kTextsPerSet - 1) / kTextsPerSet};
}

Result<std::unique_ptr<BatchSlots>> BatchSlots::create(std::shared_ptr<const Model> model,
                                                       const BatchShape& shape) {
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  limits.cross_slots = shape.slots;
  limits.self_slots = shape.pool().slots();
  limits.self_positions = shape.positions;
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, model->program().create_context(limits));
  return std::unique_ptr<BatchSlots>(
      new BatchSlots(std::move(model), shape, std::move(context), limits));
}

BatchSlots::BatchSlots(std::shared_ptr<const Model> model, const BatchShape& shape,
                       std::unique_ptr<Context> context, const ContextLimits& limits)
    : model_(std::move(model)),
      inference_(std::move(context), limits, spent_),
      driver_(inference_),
      aligner_(model_->tokenizer(), static_cast<int>(model_->alignment_heads().size()),
               limits.max_rows, limits.cross_positions),
      histories_(shape.pool()) {
  int text = 0;
  for (int cross_slot = 0; cross_slot < shape.slots; ++cross_slot) {
    Slot slot{cross_slot, {}};
    for (int i = 0; i < shape.texts; ++i) slot.parts.push_back({histories_.own_slot(text++)});
    slots_.push_back(std::move(slot));
  }
}

int BatchSlots::taken() const {
  return static_cast<int>(std::count_if(slots_.begin(), slots_.end(),
                                        [](const Slot& slot) { return slot.hearing != nullptr; }));
}

void BatchSlots::take(std::shared_ptr<Hearing> hearing) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [](const Slot& one) { return one.hearing == nullptr; });
  assert(slot != slots_.end() && hearing->parts.size() == slot->parts.size());
  slot->hearing = std::move(hearing);
  slot->encoded = slot->begun = false;
}

void BatchSlots::remove(const Hearing& hearing) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& one) { return one.hearing.get() == &hearing; });
  if (slot == slots_.end()) return;
  std::erase_if(waiting_, [&](const Place& place) { return place.slot == &*slot; });
  for (size_t i = 0; i < slot->parts.size(); ++i) {
    Part& part = slot->parts[i];
    if (part.state == State::kSearching) driver_.remove(slot->hearing->parts[i].text.search());
    give_back(part);
    part.state = State::kOut;
  }
  slot->hearing.reset();
  lend_histories();
}

bool BatchSlots::unheard() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.hearing && !slot.begun; });
}

BatchSlots::Slot* BatchSlots::first_unheard() {
  Slot* first = nullptr;
  for (Slot& slot : slots_) {
    if (!slot.hearing || slot.begun) continue;
    if (!first || slot.hearing->ticket < first->hearing->ticket) first = &slot;
  }
  return first;
}

std::optional<BatchSlots::Place> BatchSlots::first_found() {
  for (Slot& slot : slots_)
    for (size_t i = 0; i < slot.parts.size(); ++i)
      if (slot.parts[i].state == State::kFound) return Place{&slot, i};
  return std::nullopt;
}

std::optional<BatchSlots::Place> BatchSlots::find(const Search* search) {
  for (Slot& slot : slots_)
    for (size_t i = 0; i < slot.parts.size(); ++i)
      if (slot.parts[i].state == State::kSearching && slot.hearing->parts[i].text.owns(search))
        return Place{&slot, i};
  return std::nullopt;
}

Result<void> BatchSlots::run(const CancelToken& cancel) {
  concerned_.clear();
  spent_ = {};
  if (const auto place = first_found()) return conclude(*place, cancel);
  if (Slot* slot = first_unheard()) return hear(*slot, cancel);
  if (!driver_.idle()) return step(cancel);
  return Error{ErrorCode::kInternal, "batch: expected something to decode, found nothing"};
}

Result<void> BatchSlots::conclude(const Place& place, const CancelToken& cancel) {
  concerned_ = {place.slot->hearing.get()};
  Part& part = place.state();
  NPU_TRY_ASSIGN(place.slot->hearing->parts[place.part].outcome,
                 place.text().conclude(part.own_slot, aligner_, inference_, cancel));
  part.state = State::kOut;
  return {};
}

// Encodes a hearing and begins its texts.
Result<void> BatchSlots::hear(Slot& slot, const CancelToken& cancel) {
  Hearing& hearing = *slot.hearing;
  concerned_ = {&hearing};
  if (!slot.encoded) {
    const Result<void> encoded =
        inference_.encode(hearing.mel, hearing.positions, slot.cross_slot, cancel);
    hearing.work.encoder_s += spent_.encoder_s;
    hearing.work.cross_kv_s += spent_.cross_kv_s;
    hearing.work.encoder_runs += spent_.encoder_runs;
    hearing.work.fitting_runs += spent_.fitting_runs;
    NPU_TRY(encoded);
    slot.encoded = true;
    hearing.mel = std::vector<float>();  // {} would keep the memory
  }
  if (hearing.detect) NPU_TRY(detect(slot, cancel));
  ChunkWindow window = hearing.window;
  window.cross_slot = slot.cross_slot;
  window.fitted = hearing.positions < kAudioPositions;
  for (size_t i = 0; i < slot.parts.size(); ++i) {
    hearing.parts[i].misheard = false;
    if (!hearing.parts[i].wanted) continue;
    ChunkText& text = hearing.parts[i].text;
    text.begin(hearing.language, window, slot.parts[i].own_slot);
    driver_.add(text.search());
    slot.parts[i].state = State::kSearching;
  }
  slot.begun = true;
  return {};
}

Result<void> BatchSlots::detect(const Slot& slot, const CancelToken& cancel) {
  Hearing& hearing = *slot.hearing;
  const auto detected = detect_language(model_->tokenizer(), inference_,
                                        {slot.parts[0].own_slot, slot.cross_slot}, cancel);
  hearing.work.decode_s += spent_.decode_s;
  hearing.work.decode_steps += spent_.decode_steps;
  if (!detected) return detected.error();
  hearing.language = detected->code;
  hearing.language_probability = detected->probability;
  return {};
}

Result<void> BatchSlots::step(const CancelToken& cancel) {
  const auto finished = driver_.step(cancel);
  share_step();
  if (!finished) return finished.error();
  for (const Search* search : *finished) take_found(search);
  for (Slot& slot : slots_)
    if (slot.hearing && slot.begun) give_up(slot);
  lend_histories();
  return {};
}

void BatchSlots::share_step() {
  size_t rows = 0;
  for (const SearchDriver::Part& part : driver_.parts()) rows += part.rows;
  for (const SearchDriver::Part& part : driver_.parts()) {
    Hearing* hearing = find(part.search)->slot->hearing.get();
    hearing->work.decode_s +=
        spent_.decode_s * static_cast<double>(part.rows) / static_cast<double>(rows);
    if (std::find(concerned_.begin(), concerned_.end(), hearing) == concerned_.end()) {
      concerned_.push_back(hearing);
      ++hearing->work.decode_steps;
    }
  }
}

// Where a search has ended: with a text, or to be tried once more at another temperature.
void BatchSlots::take_found(const Search* search) {
  const Place place = *find(search);
  Part& part = place.state();
  ChunkText& text = place.text();
  if (text.advance()) {
    give_back(part);
    part.state = State::kFound;
    return;
  }
  const int needed = histories_at_attempt(text.task().options, text.attempt());
  if (part.borrowed || histories_.fits_own(needed)) {
    text.again(part.borrowed.value_or(part.own_slot));
    driver_.add(text.search());
  } else {
    part.state = State::kWaiting;
    waiting_.push_back(place);
  }
}

// Ends what is not found yet of a hearing of which a text failed on fewer positions.
void BatchSlots::give_up(Slot& slot) {
  const auto failed = [&](size_t i) {
    return slot.parts[i].state == State::kFound &&
           slot.hearing->parts[i].text.wants_all_positions();
  };
  bool any = false;
  for (size_t i = 0; i < slot.parts.size(); ++i) any = any || failed(i);
  if (!any) return;
  for (size_t i = 0; i < slot.parts.size(); ++i) {
    Part& part = slot.parts[i];
    if (part.state == State::kSearching)
      driver_.remove(slot.hearing->parts[i].text.search());
    else if (!failed(i))
      continue;
    slot.hearing->parts[i].misheard = true;
    part.state = State::kOut;
  }
}

void BatchSlots::lend_histories() {
  while (!waiting_.empty()) {
    const auto histories = histories_.borrow();
    if (!histories) return;
    const Place place = waiting_.front();
    waiting_.erase(waiting_.begin());
    place.state().borrowed = histories;
    place.state().state = State::kSearching;
    place.text().again(*histories);
    driver_.add(place.text().search());
  }
}

void BatchSlots::give_back(Part& part) {
  if (part.borrowed) histories_.give_back(*part.borrowed);
  part.borrowed.reset();
}

std::vector<std::shared_ptr<Hearing>> BatchSlots::take_finished() {
  std::vector<std::shared_ptr<Hearing>> finished;
  for (Slot& slot : slots_) {
    const bool open = !slot.hearing || !slot.begun ||
                      std::any_of(slot.parts.begin(), slot.parts.end(),
                                  [](const Part& part) { return part.state != State::kOut; });
    if (!open) finished.push_back(std::move(slot.hearing));
  }
  return finished;
}

}  // namespace npu
