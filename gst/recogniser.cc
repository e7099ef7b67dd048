// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs of audio through the engine.
#include "recogniser.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

#include "debug.h"
#include "heard_part.h"
#include "messages.h"

namespace npu::gst {
namespace {

// The engine is fed in pieces of 0.1 s, however small the buffers are.
constexpr size_t kFeed = kEngineRate / 10;
// Half of a live stream's latency is for collecting audio, half for the engine.
constexpr double kCollecting = 0.5;
// A live stream that is this far behind is not collected any more.
constexpr double kFarBehind_s = 30;

Error closed() {
  return {ErrorCode::kCancelled, "the output takes nothing more"};
}

}  // namespace

int64_t Recogniser::stream_ns(int64_t pts_ns) const {
  const guint64 time = GST_CLOCK_TIME_IS_VALID(segment_.time) ? segment_.time : segment_.start;
  return static_cast<int64_t>(time) + (pts_ns - static_cast<int64_t>(segment_.start));
}

Result<void> Recogniser::configure(const Settings& settings) {
  NPU_TRY_ASSIGN(options_, transcribe_options(settings));
  task_ = settings.task;
  as_decoded_ = settings.output_mode == OutputMode::kSegments;
  forget_stream();
  earlier_ = {};
  return {};
}

Result<void> Recogniser::ensure_transcriber() {
  if (transcriber_) return {};
  TranscribeOptions options = options_;
  also_translating_ = wants_translation();
  options.also_translate = also_translating_;
  if (options.decoding.language.empty()) options.decoding.language = locked_language_;
  // A live stream has no end to wait for, and no time for a batch.
  if (surroundings_.live()) {
    options.normalisation = Normalisation::kRunning;
    options.mode = Mode::kFile;
  }
  NPU_TRY_ASSIGN(transcriber_, model_->transcriber(options));
  return note_language();
}

Result<void> Recogniser::set_format(const GstAudioInfo& info) {
  if (converter_ && gst_audio_info_is_equal(&converter_->info(), &info)) return {};
  NPU_TRY(finish());
  NPU_TRY_ASSIGN(converter_, Converter::create(info));
  return {};
}

Result<void> Recogniser::set_segment(const GstSegment& segment) {
  NPU_TRY(finish());
  timeline_.reset();
  silent_ns_ = 0;
  segment_ = segment;
  return {};
}

Result<void> Recogniser::advance(int64_t pts_ns) {
  if (!output_.decided(stream_ns(pts_ns), stream_ns(pts_ns))) return closed();
  return {};
}

Result<void> Recogniser::begin_run(int64_t pts_ns) {
  NPU_TRY(finish());
  const bool continues =
      timeline_.started() && std::llabs(pts_ns - timeline_.end_ns()) <= Timeline::kAlign_ns;
  NPU_TRY(advance(pts_ns));
  timeline_.start(pts_ns, GST_AUDIO_INFO_RATE(&format()));
  if (!continues) output_.discontinuity();
  return {};
}

bool Recogniser::wants_translation() const {
  return output_.translating() && task_ == Task::kTranscribe;
}

// A translation is asked for, or not any more: another transcriber goes on.
Result<void> Recogniser::follow_pads() {
  if (!transcriber_ || wants_translation() == also_translating_) return {};
  NPU_TRY(finish());
  drop_transcriber();
  return {};
}

Result<void> Recogniser::audio(const Loader::Outcome& loaded, GstBuffer* buffer) {
  model_ = loaded.model;
  options_.vad = loaded.vad;
  NPU_TRY(follow_pads());
  silent_ns_ = 0;
  const auto frames = static_cast<int64_t>(gst_buffer_get_size(buffer) /
                                           static_cast<gsize>(GST_AUDIO_INFO_BPF(&format())));
  const Timeline::Placement place =
      timeline_.place(static_cast<int64_t>(GST_BUFFER_PTS(buffer)), frames,
                      GST_AUDIO_INFO_RATE(&format()), GST_BUFFER_IS_DISCONT(buffer));
  int64_t skip = 0;
  if (place.action == Timeline::Action::kRestart) {
    GST_DEBUG_OBJECT(element_, "audio begins at %" GST_TIME_FORMAT, GST_TIME_ARGS(place.pts_ns));
    NPU_TRY(begin_run(place.pts_ns));
  } else if (place.action == Timeline::Action::kSilence) {
    GST_DEBUG_OBJECT(element_, "a hole of %" G_GINT64_FORMAT " frames", place.frames);
    converter_->silence(place.frames, pending_);
    timeline_.append(place.frames);
  } else if (place.action == Timeline::Action::kSkip) {
    GST_DEBUG_OBJECT(element_, "%" G_GINT64_FORMAT " frames came again", place.frames);
    skip = place.frames;
  }
  if (skip < frames && !timeline_.running()) NPU_TRY(begin_run(timeline_.end_ns()));
  NPU_TRY(ensure_transcriber());  // a run that ended has taken its own along
  NPU_TRY_ASSIGN(const int64_t taken, converter_->convert(buffer, skip, pending_));
  timeline_.append(taken);
  return feed();
}

Result<void> Recogniser::gap(int64_t pts_ns, int64_t duration_ns) {
  silent_ns_ += duration_ns;
  if (timeline_.running() && silent_ns_ <= Timeline::kLongestSilence_ns) {
    const int rate = GST_AUDIO_INFO_RATE(&format());
    const auto frames = static_cast<int64_t>(
        gst_util_uint64_scale_int_round(static_cast<guint64>(duration_ns), rate, GST_SECOND));
    converter_->silence(frames, pending_);
    timeline_.append(frames);
    return feed();
  }
  NPU_TRY(finish());
  return advance(pts_ns + duration_ns);
}

void Recogniser::hand_over(size_t samples) {
  transcriber_->push(std::span(pending_).first(samples));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(samples));
  pushed_ += samples;
  engine_samples_ += samples;
}

Result<void> Recogniser::feed() {
  if (pending_.size() < kFeed) return {};
  hand_over(pending_.size());
  if (surroundings_.live()) {
    // An engine that is behind takes longer pieces, which cost it less.
    const double undecided_s = static_cast<double>(pushed_) / kEngineRate - decided_s_;
    if (surroundings_.more_audio() && undecided_s < kFarBehind_s) return {};
    transcriber_->set_lag(live_lag_s(), /*catch_up=*/true);
  }
  return infer();
}

// Text of a live stream must come in time, whatever max-lag allows.
double Recogniser::live_lag_s() const {
  const double collecting_s =
      std::max(kLeastLag_s, kCollecting * static_cast<double>(surroundings_.latency_ns()) * 1e-9);
  return options_.max_lag_s < 0 ? collecting_s : std::min(collecting_s, options_.max_lag_s);
}

WorkDone Recogniser::work_done() const {
  WorkDone work = earlier_;
  work.audio_s += static_cast<double>(engine_samples_) / kEngineRate;
  if (!transcriber_) return work;
  work.engine += transcriber_->stats();
  return work;
}

void Recogniser::drop_transcriber() {
  earlier_ = work_done();
  engine_samples_ = 0;
  transcriber_.reset();
}

Result<void> Recogniser::infer() {
  for (;;) {
    NPU_TRY_ASSIGN(const Step step, transcriber_->step(surroundings_.cancel()));
    surroundings_.worked(work_done());
    const int64_t start_ns = timeline_.at(decided_s_);
    NPU_TRY(give(step));
    if (step.kind != Step::Kind::kWindow) return {};
    if (surroundings_.live()) NPU_TRY(piece_done(start_ns));
  }
}

// Tells of a piece of live audio that began at `start_ns`.
Result<void> Recogniser::piece_done(int64_t start_ns) {
  // The viewer of a live stream does not wait for the rest of a sentence.
  if (!output_.settle_decided()) return closed();
  surroundings_.live_piece_done(static_cast<int64_t>(
      gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, static_cast<guint64>(start_ns))));
  return {};
}

Result<void> Recogniser::end_engine_input() {
  transcriber_->end_input();
  return infer();
}

std::vector<SpokenSegment> Recogniser::spoken(const std::vector<Segment>& segments) const {
  const auto time = [this](double seconds) { return stream_ns(timeline_.at(seconds)); };
  std::vector<SpokenSegment> out;
  const double pushed_s = static_cast<double>(pushed_) / kEngineRate;
  for (const Segment& decoded : segments) {
    const std::optional<Segment> heard = as_decoded_ ? decoded : heard_part(decoded, pushed_s);
    if (!heard) continue;
    const Segment& segment = *heard;
    GST_LOG_OBJECT(element_, "%.2f - %.2f s: %s", segment.start_s, segment.end_s,
                   segment.text.c_str());
    out.push_back({.start_ns = time(segment.start_s),
                   .end_ns = time(segment.end_s),
                   .text = segment.text,
                   .words = {},
                   .facts = {.avg_logprob = segment.avg_logprob,
                             .no_speech_prob = segment.no_speech_prob,
                             .temperature = segment.temperature}});
    for (const Word& word : segment.words)
      out.back().words.push_back(
          {word.text, time(word.start_s), time(word.end_s), word.probability});
  }
  return out;
}

void Recogniser::note_speech(const std::vector<SpeechTurn>& turns) const {
  for (const SpeechTurn& turn : turns) {
    const int64_t pts_ns = timeline_.at(turn.time_s);
    post_speech(
        element_, turn.begins,
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, static_cast<guint64>(pts_ns)),
        static_cast<GstClockTime>(stream_ns(pts_ns)));
  }
}

Result<void> Recogniser::give(const Step& step) {
  note_speech(step.speech);
  NPU_TRY(note_language());
  const double pushed_s = static_cast<double>(pushed_) / kEngineRate;
  decided_s_ = std::min(step.decided_s, pushed_s);
  // A pad that came since this run began gets nothing of it but its end.
  const double translation_s =
      also_translating_ ? std::min(step.translation_decided_s, pushed_s) : decided_s_;
  // With task=translate the transcript is English already.
  const auto& translation = task_ == Task::kTranslate ? step.segments : step.translation;
  const bool open =
      output_.spoken(TextKind::kTranscript, spoken(step.segments)) &&
      output_.spoken(TextKind::kTranslation, spoken(translation)) &&
      output_.decided(stream_ns(timeline_.at(decided_s_)), stream_ns(timeline_.at(translation_s)));
  if (!open) return closed();
  timeline_.forget_before(std::min(decided_s_, translation_s));
  return {};
}

Result<void> Recogniser::note_language() {
  const std::string& code = transcriber_->language();
  if (code.empty()) return {};
  const bool given = !options_.decoding.language.empty();
  if (!output_.language(tag_language(code, task_))) return closed();
  if (given || code == reported_language_) return {};
  reported_language_ = code;
  post_language(element_, tag_language(code, Task::kTranscribe),
                static_cast<double>(transcriber_->language_probability()));
  return {};
}

Result<void> Recogniser::finish() {
  if (!timeline_.running()) return {};
  converter_->finish(pending_);
  hand_over(pending_.size());
  if (pushed_ > 0) NPU_TRY(end_engine_input());
  NPU_TRY(advance(timeline_.end_ns()));
  timeline_.end();
  pushed_ = 0;
  decided_s_ = 0;
  keep_language();
  if (transcriber_) transcriber_->reset();
  return {};
}

// A live stream is in one language, if that was detected surely; the next run need not.
void Recogniser::keep_language() {
  const bool detecting = options_.decoding.language.empty() && locked_language_.empty();
  if (!surroundings_.live() || !transcriber_ || !detecting || !transcriber_->language_settled())
    return;
  locked_language_ = transcriber_->language();
  drop_transcriber();
}

void Recogniser::reset() {
  timeline_.reset();
  pending_.clear();
  pushed_ = 0;
  decided_s_ = 0;
  silent_ns_ = 0;
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  if (converter_) converter_->reset();
  if (transcriber_) transcriber_->reset();
}

void Recogniser::forget_stream() {
  reset();
  locked_language_.clear();
  reported_language_.clear();
  drop_transcriber();
  model_.reset();
  output_.language(tag_language(options_.decoding.language, task_));
}

}  // namespace npu::gst
