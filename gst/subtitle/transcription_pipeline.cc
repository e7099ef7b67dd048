// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/transcription_pipeline.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "subtitle/audio_tracks.h"
#include "subtitle/debian_packages.h"
#include "subtitle/language_name.h"
#include "subtitle/pipeline_watch.h"
#include "subtitle/whisper_settings.h"

namespace npu::subtitle {
namespace {

double seconds_of(int64_t time_ns) {
  return static_cast<double>(time_ns) / GST_SECOND;
}

double now_s() {
  return static_cast<double>(g_get_monotonic_time()) / G_USEC_PER_SEC;
}

std::string text_property(GstElement* element, const char* name) {
  GParamSpec* property = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
  if (!property) return "";
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(element), name, &value);
  std::string text;
  if (G_VALUE_HOLDS_STRING(&value) && g_value_get_string(&value)) {
    text = g_value_get_string(&value);
  } else if (G_VALUE_HOLDS_ENUM(&value)) {
    const GEnumValue* known =
        g_enum_get_value(G_PARAM_SPEC_ENUM(property)->enum_class, g_value_get_enum(&value));
    if (known) text = known->value_nick;
  }
  g_value_unset(&value);
  return text;
}

// The reference reads 16 bit mono at 16 kHz.
constexpr const char* kExactInput =
    "audioconvert dithering=none noise-shaping=none ! audioresample ! "
    "audioconvert dithering=none noise-shaping=none ! "
    "capsfilter caps=audio/x-raw,format=S16LE,rate=16000,channels=1";

}  // namespace

struct TranscriptionPipeline::Watch {
  double start_s = now_s();
  double ready_s = -1;     // when the model was ready
  double duration_s = -1;  // of the medium
  std::string shown_language;
};

Outcome<std::unique_ptr<TranscriptionPipeline>> TranscriptionPipeline::create(
    const CommandLine& options, const StopRequest& stop) {
  std::unique_ptr<TranscriptionPipeline> pipeline(new TranscriptionPipeline(options, stop));
  if (Done built = pipeline->build(); !built) return built.failure();
  return pipeline;
}

TranscriptionPipeline::TranscriptionPipeline(const CommandLine& options, const StopRequest& stop)
    : options_(options),
      stop_(stop),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new("npusubtitle")))) {}

TranscriptionPipeline::~TranscriptionPipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

Done TranscriptionPipeline::build() {
  if (Done there = need_elements({"npuwhisper", "decodebin", "filesrc"}); !there) return there;
  whisper_ = gst_element_factory_make("npuwhisper", "whisper");
  GstBin* bin = GST_BIN(pipeline_.get());
  gst_bin_add_many(bin, whisper_, GST_ELEMENT(gst_object_ref(sink_.element())), nullptr);
  if (Done applied = apply_settings(options_, whisper_); !applied) return applied;
  gst_element_link(whisper_, sink_.element());
  first_ = whisper_;
  if (options_.exact) {
    GError* error = nullptr;
    first_ = gst_parse_bin_from_description(kExactInput, TRUE, &error);
    const gst::ErrorPtr owned(error);
    if (!first_) {
      return Failure{ExitCode::kMissingDecoder, std::string("--exact: ") + error->message};
    }
    gst_bin_add(bin, first_);
    gst_element_link(first_, whisper_);
  }
  return done();
}

Outcome<int> TranscriptionPipeline::track_number(const std::string& file) const {
  if (options_.track.language.empty()) return options_.track.number;
  const std::vector<AudioTrack> tracks = audio_tracks(file);
  if (const int number = track_in_language(tracks, options_.track.language)) return number;
  // Without tracks the pipeline knows the better reason.
  if (tracks.empty()) return 0;
  return Failure{ExitCode::kNoAudio, file + " has no audio track in the language " +
                                         options_.track.language + "; it has " + listed(tracks)};
}

Outcome<Transcription> TranscriptionPipeline::run(const std::string& file, FileReport& report) {
  const Outcome<int> track = track_number(file);
  if (!track) return track.failure();
  sink_.reset();
  errors_.clear();
  cue_details_.clear();
  const gst::ObjectPtr<GstPad> entry(gst_element_get_static_pad(first_, "sink"));
  Watch state;
  if (model_ready_) state.ready_s = state.start_s;
  Done ended = done();
  {
    Medium medium(GST_BIN(pipeline_.get()), entry.get(), file, *track, options_.range);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    const auto on_message = [&](GstMessage* message) {
      Done handled = handle(message, file, report, state);
      if (handled) return handled;
      // A file without the track fails in its own way as well; that reason is the better one.
      const std::optional<Failure> missing = medium.track_failure();
      return missing ? Done(*missing) : handled;
    };
    const auto on_tick = [&] {
      if (const std::optional<Failure> missing = medium.track_failure()) return Done(*missing);
      show(report, state);
      return medium.seek_when_ready();
    };
    ended = watch_pipeline(pipeline_.get(), stop_, {on_message, on_tick});
    gst_element_set_state(pipeline_.get(), GST_STATE_READY);
  }
  discard_messages(pipeline_.get());
  if (!ended) return ended.failure();
  show(report, state);  // a language that came with the end
  return result(file, state);
}

Done TranscriptionPipeline::handle(GstMessage* message, const std::string& file, FileReport& report,
                                   Watch& state) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      return errors_.explain(message, whisper_, file);
    case GST_MESSAGE_WARNING: {
      GError* warning = nullptr;
      gst_message_parse_warning(message, &warning, nullptr);
      const gst::ErrorPtr owned(warning);
      report.line(warning->message);
      break;
    }
    case GST_MESSAGE_ELEMENT: {
      errors_.note_missing_plugin(message);
      cue_details_.note(message);
      const GstStructure* structure = gst_message_get_structure(message);
      if (gst_structure_has_name(structure, "npuwhisper/language")) {
        double probability = -1;
        gst_structure_get_double(structure, "probability", &probability);
        const char* code = gst_structure_get_string(structure, "language-code");
        show_language(code ? code : "", probability, report, state);
      }
      break;
    }
    case GST_MESSAGE_PROGRESS:
      note_progress(message, report, state);
      break;
    default:
      break;
  }
  return done();
}

void TranscriptionPipeline::note_progress(GstMessage* message, FileReport& report, Watch& state) {
  GstProgressType type = GST_PROGRESS_TYPE_ERROR;
  char* text = nullptr;
  gst_message_parse_progress(message, &type, nullptr, &text);
  const gst::CharPtr owned(text);
  if (type != GST_PROGRESS_TYPE_COMPLETE || model_ready_) return;
  model_ready_ = true;
  state.ready_s = now_s();
  report.once(text);
}

void TranscriptionPipeline::show_language(const std::string& code, double probability,
                                          FileReport& report, Watch& state) {
  if (code.empty() || code == state.shown_language) return;
  state.shown_language = code;
  report.line(language_line(code, probability));
}

void TranscriptionPipeline::show(FileReport& report, Watch& state) const {
  // One that is detected is shown with its probability, when the message of it comes.
  const bool detects = options_.language.empty() || options_.language == "auto";
  if (!detects) show_language(sink_.language(), -1, report, state);
  if (!(state.duration_s > 0)) {
    gint64 duration_ns = -1;
    if (gst_element_query_duration(pipeline_.get(), GST_FORMAT_TIME, &duration_ns)) {
      state.duration_s = seconds_of(duration_ns);
    }
  }
  if (!model_ready_) {
    report.status("loading the model");
    return;
  }
  double end_s = state.duration_s;
  if (options_.range.to_ns) end_s = std::min(end_s, seconds_of(*options_.range.to_ns));
  const double length_s = end_s > 0 ? end_s - seconds_of(options_.range.from_ns) : -1;
  report.update({seconds_of(sink_.position_ns()), length_s, now_s() - state.ready_s});
}

Transcription TranscriptionPipeline::result(const std::string& file, const Watch& state) {
  Transcription run;
  const double end_s = now_s();
  run.load_s = state.ready_s > 0 ? state.ready_s - state.start_s : 0;
  run.work_s = end_s - (state.ready_s > 0 ? state.ready_s : state.start_s);
  run.heard_s = seconds_of(sink_.position_ns());
  run.transcript.captions = sink_.take_captions();
  cue_details_.complete(run.transcript.captions);
  captions::shift(run.transcript.captions, options_.range.from_ns);
  run.transcript.language = sink_.language();
  run.transcript.task = text_property(whisper_, "task");
  run.transcript.model = text_property(whisper_, "model");
  run.device = text_property(whisper_, "active-device");
  run.transcript.source = std::filesystem::path(file).filename().string();
  run.transcript.duration_s = state.duration_s > 0 ? state.duration_s : run.heard_s;
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(whisper_), "stats")) {
    GstStructure* stats = nullptr;
    g_object_get(whisper_, "stats", &stats, nullptr);
    run.stats.reset(stats);
  }
  return run;
}

}  // namespace npu::subtitle
