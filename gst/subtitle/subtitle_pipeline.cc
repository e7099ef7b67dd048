// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/subtitle_pipeline.h"

#include <csignal>
#include <filesystem>

#include "subtitle/interrupt.h"
#include "subtitle/whisper_settings.h"

namespace npu::subtitle {
namespace {

// How often the bar moves and interrupts are looked for; errors and the end are seen at once.
constexpr GstClockTime kTick = 100 * GST_MSECOND;

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

Failure interruption(int signal) {
  return signal == SIGINT ? Failure{ExitCode::kInterrupted, "interrupted"}
                          : Failure{ExitCode::kTerminated, "terminated"};
}

}  // namespace

struct SubtitlePipeline::Watch {
  double start_s = now_s();
  double ready_s = -1;  // when the model was ready
  double duration_s = -1;
  std::string shown_language;
  bool ended = false;
};

Outcome<std::unique_ptr<SubtitlePipeline>> SubtitlePipeline::create(const CommandLine& options) {
  std::unique_ptr<SubtitlePipeline> pipeline(new SubtitlePipeline(options));
  if (Done built = pipeline->build(); !built) return built.failure();
  return pipeline;
}

SubtitlePipeline::SubtitlePipeline(const CommandLine& options)
    : options_(options),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new("npusubtitle")))) {}

SubtitlePipeline::~SubtitlePipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

Done SubtitlePipeline::build() {
  for (const char* name : {"npuwhisper", "decodebin", "filesrc"}) {
    const gst::ObjectPtr<GstElementFactory> factory(gst_element_factory_find(name));
    if (!factory) {
      return Failure{ExitCode::kMissingDecoder,
                     std::string("GStreamer has no element ") + name +
                         ": is its plugin installed, or GST_PLUGIN_PATH set?"};
    }
  }
  whisper_ = gst_element_factory_make("npuwhisper", "whisper");
  if (Done applied = apply_settings(options_, whisper_); !applied) {
    gst_object_unref(gst_object_ref_sink(whisper_));
    return applied;
  }
  GstBin* bin = GST_BIN(pipeline_.get());
  gst_bin_add_many(bin, whisper_, GST_ELEMENT(gst_object_ref(sink_.element())), nullptr);
  gst_element_link(whisper_, sink_.element());
  first_ = whisper_;
  if (options_.exact) {
    // The reference reads 16 bit mono at 16 kHz.
    GError* error = nullptr;
    first_ = gst_parse_bin_from_description(
        "audioconvert dithering=none noise-shaping=none ! audioresample ! "
        "audioconvert dithering=none noise-shaping=none ! "
        "capsfilter caps=audio/x-raw,format=S16LE,rate=16000,channels=1",
        TRUE, &error);
    const gst::ErrorPtr owned(error);
    if (!first_)
      return Failure{ExitCode::kMissingDecoder, std::string("--exact: ") + error->message};
    gst_bin_add(bin, first_);
    gst_element_link(first_, whisper_);
  }
  return done();
}

Outcome<SubtitleRun> SubtitlePipeline::run(const std::string& file, Progress& progress) {
  sink_.reset();
  errors_.clear();
  cue_details_.clear();
  const gst::ObjectPtr<GstPad> entry(gst_element_get_static_pad(first_, "sink"));
  Watch state;
  if (model_ready_) state.ready_s = state.start_s;
  Done ended = done();
  {
    const Medium medium(GST_BIN(pipeline_.get()), entry.get(), file, options_.track);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    ended = watch(file, medium, progress, state);
    gst_element_set_state(pipeline_.get(), GST_STATE_READY);
  }
  const gst::ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_flushing(bus.get(), TRUE);
  gst_bus_set_flushing(bus.get(), FALSE);
  progress.clear();
  if (!ended) return ended.failure();
  return result(file, state);
}

Done SubtitlePipeline::watch(const std::string& file, const Medium& medium, Progress& progress,
                             Watch& state) {
  const gst::ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  while (!state.ended) {
    if (const int signal = interrupted_by(); signal != 0) return interruption(signal);
    const gst::MessagePtr message(gst_bus_timed_pop(bus.get(), kTick));
    if (message) {
      if (Done handled = handle(message.get(), file, progress, state); !handled) {
        // A file without the track fails in its own way as well; that reason is the better one.
        const std::optional<Failure> track = medium.track_failure();
        return track ? *track : handled.failure();
      }
    }
    if (const std::optional<Failure> track = medium.track_failure()) return *track;
    show(progress, state);
  }
  return done();
}

Done SubtitlePipeline::handle(GstMessage* message, const std::string& file, Progress& progress,
                              Watch& state) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      state.ended = true;
      break;
    case GST_MESSAGE_ERROR:
      return errors_.explain(message, whisper_, file);
    case GST_MESSAGE_WARNING: {
      GError* warning = nullptr;
      gst_message_parse_warning(message, &warning, nullptr);
      const gst::ErrorPtr owned(warning);
      progress.line(file + ": " + warning->message);
      break;
    }
    case GST_MESSAGE_ELEMENT:
      errors_.note_missing_plugin(message);
      cue_details_.note(message);
      break;
    case GST_MESSAGE_PROGRESS: {
      GstProgressType type = GST_PROGRESS_TYPE_ERROR;
      char* text = nullptr;
      gst_message_parse_progress(message, &type, nullptr, &text);
      const gst::CharPtr owned(text);
      if (type == GST_PROGRESS_TYPE_COMPLETE && !model_ready_) {
        model_ready_ = true;
        state.ready_s = now_s();
        progress.line(text);
      }
      break;
    }
    default:
      break;
  }
  return done();
}

void SubtitlePipeline::show(Progress& progress, Watch& state) const {
  const std::string language = sink_.language();
  if (!language.empty() && language != state.shown_language) {
    state.shown_language = language;
    const bool given = !options_.language.empty() && options_.language != "auto";
    progress.line("language: " + language + (given ? "" : " (detected)"));
  }
  if (!(state.duration_s > 0)) {
    gint64 duration_ns = -1;
    if (gst_element_query_duration(pipeline_.get(), GST_FORMAT_TIME, &duration_ns)) {
      state.duration_s = seconds_of(duration_ns);
    }
  }
  if (!model_ready_) {
    progress.status("loading the model");
    return;
  }
  progress.update({seconds_of(sink_.position_ns()), state.duration_s, now_s() - state.ready_s});
}

SubtitleRun SubtitlePipeline::result(const std::string& file, const Watch& state) {
  SubtitleRun run;
  const double end_s = now_s();
  run.load_s = state.ready_s > 0 ? state.ready_s - state.start_s : 0;
  run.work_s = end_s - (state.ready_s > 0 ? state.ready_s : state.start_s);
  run.transcript.captions = sink_.take_captions();
  cue_details_.complete(run.transcript.captions);
  run.transcript.language = sink_.language();
  run.transcript.task = text_property(whisper_, "task");
  run.transcript.model = text_property(whisper_, "model");
  run.device = text_property(whisper_, "active-device");
  run.transcript.source = std::filesystem::path(file).filename().string();
  run.transcript.duration_s =
      state.duration_s > 0 ? state.duration_s : seconds_of(sink_.position_ns());
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(whisper_), "stats")) {
    GstStructure* stats = nullptr;
    g_object_get(whisper_, "stats", &stats, nullptr);
    run.stats.reset(stats);
  }
  return run;
}

}  // namespace npu::subtitle
