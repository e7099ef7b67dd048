// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/batch_transcriber.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "whisper/language.h"
#include "whisper/network.h"
#include "whisper/scope_timer.h"
#include "whisper/unspoken.h"

namespace npu {
namespace {

constexpr int kUnknown = std::numeric_limits<int>::max();
constexpr float kSureOfLanguage = 0.5F;
// Kept of what is known of speech before the first chunk that is still to come, in frames.
constexpr int kSpeechKept = 500;
// More rows make a step in f32 that much longer, and a chunk there takes three times the memory.
constexpr int kBatchInF32 = 4;
constexpr int kBatch = 8;
// Texts per set of histories for fallback.
constexpr int kTextsPerSet = 8;

bool any_text(const std::vector<Segment>& segments) {
  return std::any_of(segments.begin(), segments.end(),
                     [](const Segment& segment) { return !segment.text.empty(); });
}

std::vector<Task> tasks_of(const TranscribeOptions& options) {
  if (options.also_translate) return {Task::kTranscribe, Task::kTranslate};
  return {options.decoding.task};
}

HistoryPool histories_for(const TranscribeOptions& options, int texts) {
  const int own = histories_at_attempt(options, 0);
  const int most = histories_needed(options.decoding, options.temperatures);
  return {texts, own, most, (texts + kTextsPerSet - 1) / kTextsPerSet};
}

}  // namespace

Result<std::unique_ptr<Transcriber>> BatchTranscriber::create(std::shared_ptr<const Model> model,
                                                              const TranscribeOptions& asked) {
  TranscribeOptions options = asked;
  if (options.batch_size == 0)
    options.batch_size = model->program().precision() == Precision::kF32 ? kBatchInF32 : kBatch;
  const int texts = options.batch_size * static_cast<int>(tasks_of(options).size());
  const HistoryPool histories = histories_for(options, texts);
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  limits.cross_slots = options.batch_size;
  limits.self_slots = histories.slots();
  limits.self_positions = positions_needed(model->tokenizer(), options);
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, model->program().create_context(limits));
  return std::unique_ptr<Transcriber>(
      new BatchTranscriber(std::move(model), options, std::move(context), limits, histories));
}

BatchTranscriber::BatchTranscriber(std::shared_ptr<const Model> model,
                                   const TranscribeOptions& options,
                                   std::unique_ptr<Context> context, const ContextLimits& limits,
                                   const HistoryPool& histories)
    : model_(std::move(model)),
      options_(options),
      inference_(std::move(context), limits, stats_),
      driver_(inference_),
      features_(model_->mel_filters(), model_->dims().mel_bands, options_.normalisation),
      clips_(options_.clips),
      aligner_(model_->tokenizer(), static_cast<int>(model_->alignment_heads().size()),
               limits.max_rows, limits.cross_positions),
      histories_(histories),
      mel_(static_cast<size_t>(kWindowFrames) * static_cast<size_t>(model_->dims().mel_bands)) {
  for (const Task task : tasks_of(options_))
    tasks_.push_back(std::make_unique<BatchTask>(model_->tokenizer(), options_, task));
  if (options_.vad) gate_ = std::make_unique<SpeechGate>(options_.vad, options_.vad_threshold);
  int text = 0;
  for (int cross_slot = 0; cross_slot < options_.batch_size; ++cross_slot) {
    Slot slot{cross_slot, {}};
    for (const auto& task : tasks_)
      slot.parts.push_back(
          {std::make_unique<ChunkText>(*task, stats_), histories_.own_slot(text++)});
    slots_.push_back(std::move(slot));
  }
  reset();
}

void BatchTranscriber::reset() {
  driver_.clear();
  waiting_.clear();
  histories_.reset();
  entries_.clear();
  for (Slot& slot : slots_) {
    slot.entry = nullptr;
    slot.wants_all_positions = false;
    for (Part& part : slot.parts) {
      part.open = false;
      part.borrowed.reset();
    }
  }
  features_.reset();
  clips_.reset();
  if (gate_) gate_->reset();
  language_ = model_->tokenizer().multilingual() ? options_.decoding.language : "en";
  language_probability_ = language_.empty() ? 0.0F : 1.0F;
  language_sure_ = !language_.empty();
}

void BatchTranscriber::push(std::span<const float> samples) {
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.push(samples);
  }
  if (!gate_) return;
  const ScopeTimer timer(stats_.vad_s);
  gate_->push(samples);
}

void BatchTranscriber::end_input() {
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.end_input();
  }
  if (!gate_) return;
  const ScopeTimer timer(stats_.vad_s);
  gate_->end_input();
}

double BatchTranscriber::pushed_s() const {
  return static_cast<double>(features_.samples()) / kSampleRate;
}

int BatchTranscriber::content() const {
  return features_.ended() ? features_.content_frames() : kUnknown;
}

Result<Step> BatchTranscriber::step(const CancelToken& cancel) {
  NPU_TRY(check_interrupt(cancel, {}, "transcribing"));
  cancel_ = cancel;
  for (;;) {
    NPU_TRY(fill());
    if (!entries_.empty() && entries_.front().done) return hand_out();
    if (entries_.empty()) break;
    // A slot stays empty until its audio is there, for a step costs hardly less without it.
    if (!features_.ended() && language_sure_ && !all_taken()) break;
    NPU_TRY(advance());
  }
  const bool finished = features_.ended() && entries_.empty();
  return finish_step({finished ? Step::Kind::kFinished : Step::Kind::kNeedInput, {}, 0});
}

void BatchTranscriber::skip_to(int frame) {
  stats_.skipped_s += static_cast<double>(frame - clips_.position()) / kFramesPerSecond;
  clips_.seek(frame);
}

// The next chunk, and up to where it may look; nothing if more audio must come, or none does.
std::optional<Chunk> BatchTranscriber::next_chunk(int& heard) {
  while (const auto window = clips_.next(content())) {
    if (gate_) {
      const auto speech = gate_->next_speech(window->start);
      const int silent_until = std::min(speech.value_or(gate_->settled()), window->clip_end);
      if (silent_until > window->start) skip_to(silent_until);
      if (silent_until == window->clip_end) continue;
      if (!speech) return std::nullopt;
    }
    const int start = clips_.position();
    heard = std::min(start + kWindowFrames, window->clip_end);
    if (!features_.ready(heard) || (gate_ && gate_->settled() < heard)) return std::nullopt;
    const auto chunk = cut_chunk(start, window->clip_end, heard);
    clips_.seek(chunk->end);
    return chunk;
  }
  return std::nullopt;
}

std::optional<Chunk> BatchTranscriber::cut_chunk(int start, int clip_end, int heard) {
  if (gate_) {
    const auto chunk =
        chunk_of_speech(start, clip_end, gate_->speech(start, heard), gate_->pauses(start, heard));
    if (chunk) return chunk;
  }
  energies_.clear();
  if (clip_end - start > kWindowFrames) features_.energies(start, heard, energies_);
  return chunk_of_audio(start, clip_end, energies_);
}

BatchTranscriber::Slot* BatchTranscriber::free_slot() {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [](const Slot& one) { return one.entry == nullptr; });
  return slot == slots_.end() ? nullptr : &*slot;
}

bool BatchTranscriber::all_taken() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.entry != nullptr; });
}

// Begins chunks while there are slots for them.
Result<void> BatchTranscriber::fill() {
  while (Slot* slot = free_slot()) {
    const bool any_open = std::any_of(slots_.begin(), slots_.end(),
                                      [](const Slot& one) { return one.entry != nullptr; });
    if (!language_sure_ && any_open) return {};
    const auto chunk = next_chunk(slot->heard);
    if (!chunk) return {};
    entries_.push_back({*chunk, false, {}});
    entries_.back().segments.resize(tasks_.size());
    slot->entry = &entries_.back();
    for (Part& part : slot->parts) {
      part.text->reset();
      part.rest = chunk->start;
    }
    NPU_TRY(leave_or_hear_rest(*slot));
  }
  return {};
}

// Encodes the chunk of a slot from frame `start` on and begins the texts that are to hear it from
// there.
Result<void> BatchTranscriber::hear(Slot& slot, int start, bool again) {
  const int frames = slot.entry->chunk.end - start;
  const bool fitting = options_.encoder_positions == EncoderPositions::kFitting && language_sure_;
  const int positions = fitting ? fitting_positions(frames) : kAudioPositions;
  NPU_TRY(encode(slot, start, positions));
  if (!language_sure_ && !again) NPU_TRY(detect(slot));
  begin_parts(slot, positions < kAudioPositions);
  return {};
}

Result<void> BatchTranscriber::encode(Slot& slot, int start, int positions) {
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.cut(start, slot.entry->chunk.end - start, slot.heard, mel_);
  }
  NPU_TRY(inference_.encode(mel_, positions, slot.cross_slot, cancel_));
  slot.start = start;
  return {};
}

void BatchTranscriber::begin_parts(Slot& slot, bool fitted) {
  const Chunk& chunk = slot.entry->chunk;
  const int frames = chunk.end - slot.start;
  // Of speech that goes on in the next chunk there may be more than this one has.
  const bool little_speech = gate_ && !chunk.cut && is_little_speech(*gate_, slot.start, frames);
  for (Part& part : slot.parts) {
    if (part.rest != slot.start) continue;
    part.rest.reset();
    part.open = true;
    part.text->begin(language_, {slot.start, frames, little_speech, slot.cross_slot, fitted},
                     part.own_slot);
    driver_.add(part.text->search());
  }
}

// Begins the texts anew that are not finished, for one of them failed on fewer positions.
Result<void> BatchTranscriber::hear_on_all_positions(Slot& slot) {
  slot.wants_all_positions = false;
  for (Part& part : slot.parts) {
    if (!part.open) continue;
    if (!part.text->wants_all_positions()) driver_.remove(part.text->search());
    part.open = false;
    part.rest = slot.start;
  }
  NPU_TRY(encode(slot, slot.start, kAudioPositions));
  begin_parts(slot, /*fitted=*/false);
  return {};
}

Result<void> BatchTranscriber::detect(const Slot& slot) {
  NPU_TRY_ASSIGN(const DetectedLanguage detected,
                 detect_language(model_->tokenizer(), inference_,
                                 {slot.parts[0].own_slot, slot.cross_slot}, cancel_));
  language_ = detected.code;
  language_probability_ = detected.probability;
  // Without voice activity detection there is no telling whether it was speech.
  language_sure_ = !gate_;
  return {};
}

// One decode step of all slots, and what follows from it.
Result<void> BatchTranscriber::advance() {
  NPU_TRY_ASSIGN(const auto finished, driver_.step(cancel_));
  for (const Search* search : finished) NPU_TRY(take(search));
  for (Slot& slot : slots_)
    if (slot.wants_all_positions) NPU_TRY(hear_on_all_positions(slot));
  lend_histories();
  return {};
}

Result<void> BatchTranscriber::take(const Search* search) {
  for (Slot& slot : slots_)
    for (size_t task = 0; task < slot.parts.size(); ++task) {
      Part& part = slot.parts[task];
      if (!part.open || !part.text->owns(search)) continue;
      if (part.text->advance()) {
        slot.wants_all_positions |= part.text->wants_all_positions();
        return part.text->wants_all_positions() ? Result<void>() : conclude(slot, task);
      }
      const int needed = histories_at_attempt(options_, part.text->attempt());
      if (part.borrowed || histories_.fits_own(needed)) {
        part.text->again(part.borrowed.value_or(part.own_slot));
        driver_.add(part.text->search());
      } else {
        waiting_.emplace_back(&slot, task);
      }
      return {};
    }
  return Error{ErrorCode::kInternal, "batch: a search of nobody's ended"};
}

void BatchTranscriber::lend_histories() {
  while (!waiting_.empty()) {
    const auto slot = histories_.borrow();
    if (!slot) return;
    Part& part = waiting_.front().first->parts[waiting_.front().second];
    waiting_.pop_front();
    part.borrowed = slot;
    part.text->again(*slot);
    driver_.add(part.text->search());
  }
}

Result<void> BatchTranscriber::conclude(Slot& slot, size_t task) {
  Part& part = slot.parts[task];
  part.open = false;
  if (part.borrowed) histories_.give_back(*part.borrowed);
  part.borrowed.reset();
  NPU_TRY_ASSIGN(ChunkText::Outcome outcome,
                 part.text->conclude(gate_.get(), part.own_slot, aligner_, inference_, cancel_));
  part.rest = outcome.rest;
  // What is taken for speech without giving text says nothing about the language.
  if (task == 0 && language_probability_ >= kSureOfLanguage && any_text(outcome.segments))
    language_sure_ = true;
  std::vector<Segment>& segments = slot.entry->segments[task];
  std::move(outcome.segments.begin(), outcome.segments.end(), std::back_inserter(segments));
  return leave_or_hear_rest(slot);
}

// Once all texts of a slot have come to an end: hears what is left of the chunk, or frees the slot.
Result<void> BatchTranscriber::leave_or_hear_rest(Slot& slot) {
  std::optional<int> rest;
  for (const Part& part : slot.parts) {
    if (part.open) return {};
    if (part.rest && (!rest || *part.rest < *rest)) rest = part.rest;
  }
  if (rest) return hear(slot, *rest, *rest != slot.entry->chunk.start);
  slot.entry->done = true;
  slot.entry = nullptr;
  ++stats_.windows;
  return {};
}

Step BatchTranscriber::hand_out() {
  Entry entry = std::move(entries_.front());
  entries_.pop_front();
  Step step{Step::Kind::kWindow, std::move(entry.segments[0]), 0};
  if (options_.also_translate) step.translation = std::move(entry.segments[1]);
  return finish_step(std::move(step));
}

// Fills in what is decided, and lets audio go that nobody needs any more.
Step BatchTranscriber::finish_step(Step step) {
  int needed = clips_.first_needed();
  for (const Entry& entry : entries_) needed = std::min(needed, entry.chunk.start);
  features_.discard_before(needed);
  if (gate_) {
    gate_->discard_before(needed - kSpeechKept);
    step.speech = gate_->take_turns();
    stats_.speech_s = gate_->heard_s();
  }
  step.decided_s = step.kind == Step::Kind::kFinished
                       ? pushed_s()
                       : std::min(pushed_s(), static_cast<double>(needed) / kFramesPerSecond);
  step.translation_decided_s = step.decided_s;
  return step;
}

}  // namespace npu
