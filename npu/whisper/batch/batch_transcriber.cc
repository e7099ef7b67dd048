// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/batch_transcriber.h"

#include <algorithm>
#include <iterator>

#include "whisper/network.h"
#include "whisper/unspoken.h"

namespace npu {
namespace {

constexpr float kSureOfLanguage = 0.5F;
// More rows make a step in f32 that much longer, and a chunk there takes three times the memory.
constexpr int kBatchInF32 = 4;
constexpr int kBatch = 8;

bool any_text(const std::vector<Segment>& segments) {
  return std::any_of(segments.begin(), segments.end(),
                     [](const Segment& segment) { return !segment.text.empty(); });
}

std::vector<Task> tasks_of(const TranscribeOptions& options) {
  if (options.also_translate) return {Task::kTranscribe, Task::kTranslate};
  return {options.decoding.task};
}

BatchShape shape_for(const Model& model, const TranscribeOptions& options) {
  const bool f32 = model.program().precision() == Precision::kF32;
  BatchShape shape;
  shape.slots = options.batch_size > 0 ? options.batch_size : f32 ? kBatchInF32 : kBatch;
  shape.texts = static_cast<int>(tasks_of(options).size());
  shape.histories = histories_at_attempt(options, 0);
  shape.most = histories_needed(options.decoding, options.temperatures);
  shape.positions = positions_needed(model.tokenizer(), options);
  return shape;
}

}  // namespace

Result<std::unique_ptr<Transcriber>> BatchTranscriber::create(std::shared_ptr<const Model> model,
                                                              const TranscribeOptions& options) {
  NPU_TRY_ASSIGN(auto batch, SharedBatch::join(model, shape_for(*model, options)));
  return std::unique_ptr<Transcriber>(
      new BatchTranscriber(std::move(model), options, std::move(batch)));
}

BatchTranscriber::BatchTranscriber(std::shared_ptr<const Model> model,
                                   const TranscribeOptions& options,
                                   std::shared_ptr<SharedBatch> batch)
    : model_(std::move(model)),
      options_(options),
      input_(*model_, options_, stats_),
      batch_(std::move(batch)) {
  for (const Task task : tasks_of(options_))
    tasks_.push_back(std::make_shared<BatchTask>(model_->tokenizer(), options_, task));
  reset();
}

BatchTranscriber::~BatchTranscriber() {
  batch_->withdraw(member_);
}

void BatchTranscriber::reset() {
  batch_->withdraw(member_);
  entries_.clear();
  input_.reset();
  language_ = model_->tokenizer().multilingual() ? options_.decoding.language : "en";
  language_probability_ = language_.empty() ? 0.0F : 1.0F;
  language_sure_ = !language_.empty();
}

Result<Step> BatchTranscriber::step(const CancelToken& cancel) {
  Result<Step> step = next_step(cancel);
  // Nobody is to decode what will not be asked for.
  if (!step) batch_->withdraw(member_);
  return step;
}

Result<Step> BatchTranscriber::next_step(const CancelToken& cancel) {
  NPU_TRY(check_interrupt(cancel, {}, "transcribing"));
  for (;;) {
    NPU_TRY(collect());
    NPU_TRY(fill(cancel));
    if (!entries_.empty() && entries_.front().done) return hand_out();
    if (entries_.empty()) break;
    // A slot stays empty until its audio is there, for a step costs hardly less without it.
    if (!input_.ended() && language_sure_ && !batch_->full()) break;
    NPU_TRY(batch_->wait(member_, cancel));
  }
  const bool finished = input_.ended() && entries_.empty();
  return finish_step({finished ? Step::Kind::kFinished : Step::Kind::kNeedInput, {}, 0});
}

// The next chunk, and up to where it may look; nothing if more audio must come, or none does.
std::optional<Chunk> BatchTranscriber::next_chunk(int& heard) {
  const SpeechGate* const gate = input_.gate();
  while (const auto window = input_.clips().next(input_.content())) {
    if (gate) {
      const auto speech = gate->next_speech(window->start);
      const int silent_until = std::min(speech.value_or(gate->settled()), window->clip_end);
      if (silent_until > window->start) input_.skip_to(silent_until);
      if (silent_until == window->clip_end) continue;
      if (!speech) return std::nullopt;
    }
    const int start = input_.clips().position();
    heard = std::min(start + kWindowFrames, window->clip_end);
    if (!input_.features().ready(heard)) return std::nullopt;
    // What is said of the text does not depend on when it is found.
    if (gate && gate->settled() - kUnspokenDoubt < heard) return std::nullopt;
    const auto chunk = cut_chunk(start, window->clip_end, heard);
    input_.clips().seek(chunk->end);
    return chunk;
  }
  return std::nullopt;
}

std::optional<Chunk> BatchTranscriber::cut_chunk(int start, int clip_end, int heard) {
  if (const SpeechGate* const gate = input_.gate()) {
    const auto chunk =
        chunk_of_speech(start, clip_end, gate->speech(start, heard), gate->pauses(start, heard));
    if (chunk) return chunk;
  }
  energies_.clear();
  if (clip_end - start > kWindowFrames) input_.features().energies(start, heard, energies_);
  return chunk_of_audio(start, clip_end, energies_);
}

// Submits chunks while they are welcome, each of which is encoded before the next one is cut, so
// that there is one mel at a time.
Result<void> BatchTranscriber::fill(const CancelToken& cancel) {
  while (batch_->welcomes(member_)) {
    const bool any_open = std::any_of(entries_.begin(), entries_.end(),
                                      [](const Entry& entry) { return !entry.done; });
    if (!language_sure_ && any_open) return {};
    int heard = 0;
    const auto chunk = next_chunk(heard);
    if (!chunk) return {};
    entries_.push_back({*chunk, heard, std::make_shared<Hearing>(tasks_), {}});
    entries_.back().texts.resize(tasks_.size(), {{}, chunk->start});
    hear_rest(entries_.back());
    NPU_TRY(batch_->encode(cancel));
  }
  return {};
}

// Submits what is left of a chunk, for the texts that are to hear it from the earliest rest on.
// None is left: the chunk is done.
void BatchTranscriber::hear_rest(Entry& entry) {
  std::optional<int> start;
  for (const Text& text : entry.texts)
    if (text.rest && (!start || *text.rest < *start)) start = text.rest;
  entry.done = !start;
  if (entry.done) {
    entry.hearing.reset();
    ++stats_.windows;
    return;
  }
  const Chunk& chunk = entry.chunk;
  const int frames = chunk.end - *start;
  const SpeechGate* const gate = input_.gate();
  // Of speech that goes on in the next chunk there may be more than this one has.
  const bool little_speech = gate && !chunk.cut && is_little_speech(*gate, *start, frames);
  Hearing& hearing = *entry.hearing;
  hearing.window = {*start, frames, little_speech, /*cross_slot=*/0, /*fitted=*/false};
  const bool fitting = options_.encoder_positions == EncoderPositions::kFitting && language_sure_;
  hearing.positions = fitting ? fitting_positions(frames) : kAudioPositions;
  hearing.mel.resize(static_cast<size_t>(kWindowFrames) *
                     static_cast<size_t>(model_->dims().mel_bands));
  input_.cut(*start, frames, entry.heard, hearing.mel);
  hearing.detect = !language_sure_ && *start == chunk.start;
  hearing.language = language_;
  hearing.language_probability = language_probability_;
  for (size_t task = 0; task < entry.texts.size(); ++task) {
    Text& text = entry.texts[task];
    hearing.parts[task].wanted = text.rest == start;
    if (!hearing.parts[task].wanted) continue;
    if (text.on_all) hearing.positions = kAudioPositions;
    text.rest.reset();
    text.on_all = false;
  }
  batch_->submit(member_, entry.hearing);
}

Result<void> BatchTranscriber::collect() {
  NPU_TRY_ASSIGN(const auto finished, batch_->collect(member_, stats_));
  for (const std::shared_ptr<Hearing>& hearing : finished) {
    const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& one) { return one.hearing == hearing; });
    if (entry == entries_.end())
      return Error{ErrorCode::kInternal, "batch: a hearing of nobody's ended"};
    take(*entry);
  }
  return {};
}

// Where a chunk has been heard.
void BatchTranscriber::take(Entry& entry) {
  const Hearing& hearing = *entry.hearing;
  if (hearing.detect) {
    language_ = hearing.language;
    language_probability_ = hearing.language_probability;
    // Without voice activity detection there is no telling whether it was speech.
    if (!input_.gate()) language_sure_ = true;
  }
  for (size_t task = 0; task < entry.texts.size(); ++task)
    if (hearing.parts[task].wanted) take_text(entry, task);
  hear_rest(entry);
}

void BatchTranscriber::take_text(Entry& entry, size_t task) {
  if (entry.hearing->parts[task].misheard) {
    entry.texts[task].rest = entry.hearing->window.start;
    entry.texts[task].on_all = true;
    return;
  }
  ChunkText::Outcome outcome = std::move(entry.hearing->parts[task].outcome);
  if (const SpeechGate* const gate = input_.gate()) blank_unspoken(outcome.segments, *gate);
  if (!options_.word_timestamps)
    for (Segment& segment : outcome.segments) segment.words.clear();
  // What is taken for speech without giving text says nothing about the language.
  if (task == 0 && language_probability_ >= kSureOfLanguage && any_text(outcome.segments))
    language_sure_ = true;
  Text& text = entry.texts[task];
  text.rest = outcome.rest;
  std::move(outcome.segments.begin(), outcome.segments.end(), std::back_inserter(text.segments));
}

Step BatchTranscriber::hand_out() {
  Entry entry = std::move(entries_.front());
  entries_.pop_front();
  Step step{Step::Kind::kWindow, std::move(entry.texts[0].segments), 0};
  if (options_.also_translate) step.translation = std::move(entry.texts[1].segments);
  return finish_step(std::move(step));
}

// Fills in what is decided, and lets audio go that nobody needs any more.
Step BatchTranscriber::finish_step(Step step) {
  int needed = input_.clips().first_needed();
  for (const Entry& entry : entries_) needed = std::min(needed, entry.chunk.start);
  input_.discard_before(needed, step);
  step.decided_s = step.kind == Step::Kind::kFinished
                       ? pushed_s()
                       : std::min(pushed_s(), static_cast<double>(needed) / kFramesPerSecond);
  step.translation_decided_s = step.decided_s;
  return step;
}

}  // namespace npu
