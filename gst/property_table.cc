// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and blurbs of the properties.
#include "property_table.h"

#include <array>
#include <climits>
#include <type_traits>
#include <utility>

namespace npu::gst {
namespace {

GType device_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(DeviceChoice::kAuto), "The best device there is", "auto"},
      {static_cast<int>(DeviceChoice::kCpu), "The processor", "cpu"},
      {static_cast<int>(DeviceChoice::kNpu), "The NPU, or an error with the reason", "npu"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperDevice", values);
  return type;
}

GType precision_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Precision::kAuto),
       "The fastest whose word error rate is accepted: int8, else f32", "auto"},
      {static_cast<int>(Precision::kF32), "32-bit floats, as the reference", "f32"},
      {static_cast<int>(Precision::kInt8), "8-bit integers, attention in bfloat16", "int8"},
      {static_cast<int>(Precision::kBf16), "bfloat16, sums in 32 bits", "bf16"},
      {static_cast<int>(Precision::kNpu),
       "The NPU's integers, of a model that npuwhisper-models has prepared", "npu"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperPrecision", values);
  return type;
}

GType task_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Task::kTranscribe), "Text in the language spoken", "transcribe"},
      {static_cast<int>(Task::kTranslate), "Text in English", "translate"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperTask", values);
  return type;
}

GType mode_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Mode::kFile), "Windows of 30 s, one after the other, as the reference",
       "file"},
      {static_cast<int>(Mode::kBatch), "Chunks of speech, cut in pauses, several at once", "batch"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperMode", values);
  return type;
}

GType normalisation_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Normalisation::kRunning), "By the loudest audio so far", "running"},
      {static_cast<int>(Normalisation::kWhole), "By the loudest audio of the whole input", "whole"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperNormalisation", values);
  return type;
}

GType encoder_positions_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(EncoderPositions::kFull), "All 1500 of a window, as the reference", "full"},
      {static_cast<int>(EncoderPositions::kFitting), "Those of the audio, and at least 256 more",
       "fitting"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperEncoderPositions", values);
  return type;
}

GType vad_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(VadChoice::kAuto), "If the detector has been fetched", "auto"},
      {static_cast<int>(VadChoice::kOn), "Always; an error without the detector", "on"},
      {static_cast<int>(VadChoice::kOff), "Never: the reference's algorithm", "off"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperVad", values);
  return type;
}

GType output_mode_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(OutputMode::kCues), "Subtitles: lines and times that a viewer can read",
       "cues"},
      {static_cast<int>(OutputMode::kSegments), "The segments of Whisper as they are", "segments"},
      {static_cast<int>(OutputMode::kWords), "One word at a time", "words"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperOutputMode", values);
  return type;
}

GType output_way_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(OutputWay::kBuffers), "Text buffers", "buffers"},
      {static_cast<int>(OutputWay::kEvents), "Downstream events npuwhisper/cue, and gaps",
       "events"},
      {static_cast<int>(OutputWay::kBoth), "Each buffer with such an event before it", "both"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstNpuWhisperOutput", values);
  return type;
}

template <auto kField>
EnumField enum_field(GType (*type)()) {
  using Enum = std::remove_reference_t<decltype(std::declval<Settings&>().*kField)>;
  return {type, [](const Settings& settings) { return static_cast<int>(settings.*kField); },
          [](Settings& settings, int value) { settings.*kField = static_cast<Enum>(value); }};
}

}  // namespace

std::span<const GType> property_enum_types() {
  static const std::array<GType, 9> types = {
      device_type(), precision_type(),     task_type(),
      mode_type(),   normalisation_type(), encoder_positions_type(),
      vad_type(),    output_mode_type(),   output_way_type()};
  return types;
}

std::span<const PropertyRow> property_rows() {
  using S = Settings;
  static const PropertyRow rows[] = {
      {"model", "Model",
       "Path of a Whisper model (CTranslate2 or Hugging Face directory, ggml file), or the name of "
       "one in the models folder",
       &S::model},
      {"device", "Device",
       "Device to run on; auto takes the best there is, the others never fall back",
       enum_field<&S::device>(device_type)},
      {"device-index", "Device index", "Which of several devices of that kind, counted from 0",
       &S::device_index, 0, 255},
      {"threads", "Threads", "CPU threads of the engine; 0 = as many as the process may use",
       &S::threads, 0, 1024},
      {"precision", "Precision",
       "Arithmetic of the model. int8 and bf16 are faster, and change a word here and there",
       enum_field<&S::precision>(precision_type)},
      {"language-code", "Language",
       "Language spoken, as a BCP-47 tag (\"en\", \"pt-BR\"; the first part counts); auto = detect "
       "it",
       &S::language_code},
      {"task", "Task", "Transcribe, or translate to English", enum_field<&S::task>(task_type)},
      {"mode", "Mode",
       "How the audio is divided. batch is faster: it gives no text before it has as many chunks "
       "as "
       "batch-size says, up to 30 s each. Live sources always have file",
       enum_field<&S::mode>(mode_type)},
      {"batch-size", "Batch size",
       "With mode=batch: chunks that are decoded at once; 0 = 4 in f32, 8 otherwise",
       &S::batch_size, 0, kMaxBatch},
      {"latency", "Latency",
       "With a live source, the most that text may come after its audio, in ms. Half of it is for "
       "collecting audio, half for the engine; short pieces cost accuracy",
       &S::latency_ms, 0, UINT_MAX, true},
      {"max-lag", "Maximum lag",
       "How far text may trail the audio, in ms of audio, at least 1000: Whisper hears pieces that "
       "are no longer; short pieces cost accuracy and time. -1 = whole windows of 30 s",
       &S::max_lag_ms, kWholeWindows, INT_MAX},
      {"lateness", "Lateness",
       "Shows all text this much later, in ms; not part of the latency. Takes effect at the next "
       "segment",
       &S::lateness_ms, 0, UINT_MAX, true},

      {"output-mode", "Output mode",
       "What one buffer holds; cues and words compute the times of words, as word-timestamps does",
       enum_field<&S::output_mode>(output_mode_type)},
      {"output", "Output", "How cues leave the source pads",
       enum_field<&S::output>(output_way_type)},
      {"max-line-chars", "Characters per line",
       "With output-mode=cues: most columns of a line; wide characters take two",
       &S::max_line_chars, 2, 1000},
      {"max-lines", "Lines", "With output-mode=cues: most lines of a cue", &S::max_lines, 1, 10},
      {"min-duration", "Minimum duration",
       "With output-mode=cues: how long a cue should be shown at least, in ms", &S::min_duration_ms,
       0, 60000},
      {"max-duration", "Maximum duration",
       "With output-mode=cues: how long a cue may be shown, in ms", &S::max_duration_ms, 500,
       600000},
      {"max-cps", "Reading speed",
       "With output-mode=cues: characters per second that a viewer should have to read at most; 0 "
       "= "
       "any",
       &S::max_cps, 0, 1000},
      {"min-gap", "Minimum gap", "With output-mode=cues: least time between two cues, in ms",
       &S::min_gap_ms, 0, 5000},
      {"chain-gap", "Chained gap",
       "With output-mode=cues: shorter gaps between cues are closed to min-gap, in ms",
       &S::chain_gap_ms, 0, 10000},
      {"linger", "Linger",
       "With output-mode=cues: how long a cue may stay after its last word, in ms", &S::linger_ms,
       0, 60000},

      {"beam-size", "Beam size", "Beams of the search at temperature 0; 0 = greedy", &S::beam_size,
       0, 64},
      {"patience", "Patience",
       "Factor on the number of finished beams to wait for; with beam-size only", &S::patience,
       0.01, 100},
      {"length-penalty", "Length penalty",
       "Exponent of the length by which candidates are compared, 0 to 1; -1 = mean "
       "log-probability",
       &S::length_penalty, kNoLengthPenalty, 1},
      {"best-of", "Best of", "Candidates to sample at temperatures above 0", &S::best_of, 1, 64},
      {"temperature", "Temperature", "Temperature of sampling; 0 = the most probable text",
       &S::temperature, 0, 1},
      {"temperature-increment-on-fallback", "Temperature increment",
       "What the temperature is raised by, up to 1, while the result fails the thresholds; 0 = "
       "never",
       &S::temperature_increment, 0, 1},
      {"seed", "Seed", "Seed of sampling; the same seed gives the same text", &S::seed},
      {"compression-ratio-threshold", "Compression ratio threshold",
       "Text that compresses better than this is a repetition and fails; 0 = off",
       &S::compression_ratio_threshold, 0, 100},
      {"logprob-threshold", "Log-probability threshold",
       "Text with a lower mean log-probability per token (natural logarithm) fails; -100 = off",
       &S::logprob_threshold, kNoLogprobThreshold, 0},
      {"no-speech-threshold", "No-speech threshold",
       "A window with a higher probability of no speech, whose text fails logprob-threshold, is "
       "silence; 1 = off",
       &S::no_speech_threshold, 0, 1},
      {"max-tokens", "Maximum tokens",
       "Most tokens of text per window of 30 s; Whisper has room for 224, half of its context, "
       "since "
       "the other half is for previous text",
       &S::max_tokens, 1, 224},

      {"initial-prompt", "Initial prompt",
       "Text that is taken as said before the first window: names, spelling, style",
       &S::initial_prompt},
      {"carry-initial-prompt", "Carry initial prompt",
       "Put initial-prompt before every window, not only the first", &S::carry_initial_prompt},
      {"condition-on-previous-text", "Condition on previous text",
       "Show each window the text of those before it; off = fewer repetition loops, less "
       "consistent text",
       &S::condition_on_previous_text},
      {"prefix", "Prefix", "Text with which every window begins; not part of the result",
       &S::prefix},
      {"suppress-blank", "Suppress blank", "Never begin a window with a blank", &S::suppress_blank},
      {"suppress-tokens", "Suppress tokens",
       "Token ids never to choose, with commas between them; -1 = those of no speech (symbols, "
       "music, noise); empty = none",
       &S::suppress_tokens},
      {"without-timestamps", "Without timestamps",
       "Decode without timestamps: one segment per window of 30 s", &S::without_timestamps},
      {"max-initial-timestamp", "Maximum initial timestamp",
       "Latest beginning of the first segment of a window, in s", &S::max_initial_timestamp_s, 0,
       30},

      {"word-timestamps", "Word timestamps",
       "With output-mode=segments: compute the times of words, which refine those of the segments; "
       "messages and JSON carry them",
       &S::word_timestamps},
      {"prepend-punctuations", "Prepended punctuation",
       "With word-timestamps: characters that belong to the word after them",
       &S::prepend_punctuations},
      {"append-punctuations", "Appended punctuation",
       "With word-timestamps: characters that belong to the word before them",
       &S::append_punctuations},
      {"hallucination-silence-threshold", "Hallucination silence threshold",
       "With word-timestamps: skip silence longer than this, in s, around text that is probably "
       "invented; 0 = off",
       &S::hallucination_silence_threshold_s, 0, 30},
      {"normalisation", "Normalisation",
       "What the loudness of the input is measured by; whole gives no text before the end, and "
       "keeps all audio in memory",
       enum_field<&S::normalisation>(normalisation_type)},
      {"encoder-positions", "Encoder positions",
       "How much of a window of 30 s the encoder computes for short audio; fitting is faster, and "
       "not exactly the reference",
       enum_field<&S::encoder_positions>(encoder_positions_type)},

      {"vad", "Voice activity detection",
       "Decode speech only, and drop text where none is heard. Needs the detector: "
       "npuwhisper-models fetch silero-vad",
       enum_field<&S::vad>(vad_type)},
      {"vad-threshold", "Voice activity threshold",
       "With vad: probability from which on sound is speech", &S::vad_threshold, 0.01, 0.99},
  };
  return rows;
}

}  // namespace npu::gst
