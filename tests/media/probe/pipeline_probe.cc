// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a pipeline to its end and writes down what passed, so that tests can compare what went into
// a downstream element with what came out of it.
//
//   pipeline_probe [--scripted[=TEXTS]] [--window-s=N] [--timeout-s=N] DESCRIPTION
//
// DESCRIPTION is one of gst-launch-1.0, in one argument. Lines of JSON on standard output: what
// leaves each source pad of each npuwhisper (text_watch.h), the frames that reach each element
// whose name begins with "frames" (frame_watch.h), and {"kind": "message", "name", "text",
// "running", "stream", "duration"} for each npuwhisper/cue message.
//   --scripted   npuwhisper with the scripted engine, no plugin and no model (scripted_element.h)
//   --window-s   audio per window of that engine; default 30, as Whisper's
//   --timeout-s  longest time without the end; default 60
// Exit: 0 at the end of the stream, 1 on an error of the pipeline, 2 on a wrong command line,
// 3 when the time is over: the pipeline stalls.
#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "frame_watch.h"
#include "gst_ptr.h"
#include "json_lines.h"
#include "scripted_element.h"
#include "text_watch.h"

namespace {

using npu::gst::CharPtr;
using npu::gst::ErrorPtr;
using npu::gst::MessagePtr;
using npu::gst::ObjectPtr;
using npu::testing::JsonLines;

struct Arguments {
  bool scripted = false;
  std::string texts;
  double window_s = 30;
  double timeout_s = 60;
  std::string description;
};

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const char* value = equals == std::string_view::npos ? "" : argv[i] + equals + 1;
    if (name == "--scripted") {
      out.scripted = true;
      out.texts = value;
    } else if (name == "--window-s") {
      out.window_s = std::strtod(value, nullptr);
    } else if (name == "--timeout-s") {
      out.timeout_s = std::strtod(value, nullptr);
    } else if (out.description.empty() && !argument.starts_with("--")) {
      out.description = argument;
    } else {
      return false;
    }
  }
  return !out.description.empty() && out.window_s > 0 && out.timeout_s > 0;
}

void on_pad(GstElement*, GstPad* pad, gpointer lines) {
  if (GST_PAD_IS_SRC(pad)) npu::testing::watch_text(pad, *static_cast<JsonLines*>(lines));
}

void on_element(GstBin*, GstBin*, GstElement* element, gpointer lines) {
  const GstElementFactory* factory = gst_element_get_factory(element);
  const std::string_view kind = factory ? GST_OBJECT_NAME(factory) : "";
  if (kind == "npuwhisper") {
    gst_element_foreach_src_pad(
        element,
        [](GstElement* owner, GstPad* pad, gpointer to) -> gboolean {
          on_pad(owner, pad, to);
          return TRUE;
        },
        lines);
    g_signal_connect(element, "pad-added", G_CALLBACK(on_pad), lines);
  }
  if (g_str_has_prefix(GST_OBJECT_NAME(element), "frames")) {
    const ObjectPtr<GstPad> pad(gst_element_get_static_pad(element, "sink"));
    npu::testing::watch_frames(pad.get(), *static_cast<JsonLines*>(lines));
  }
}

// Those that the description made, and those that decodebin and playbin make later.
void watch_elements(GstElement* pipeline, JsonLines& lines) {
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(on_element), &lines);
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(pipeline));
  gst_iterator_foreach(
      elements,
      [](const GValue* item, gpointer to) {
        on_element(nullptr, nullptr, GST_ELEMENT(g_value_get_object(item)), to);
      },
      &lines);
  gst_iterator_free(elements);
}

void write_message(const GstStructure* structure, JsonLines& lines) {
  nlohmann::json line{{"kind", "message"},
                      {"name", gst_structure_get_name(structure)},
                      {"text", gst_structure_get_string(structure, "text")}};
  for (const char* name : {"running-time", "stream-time", "duration"}) {
    guint64 value = GST_CLOCK_TIME_NONE;
    gst_structure_get_uint64(structure, name, &value);
    line[std::string_view(name).substr(0, std::string_view(name).find("-time"))] =
        npu::testing::json_time(value);
  }
  lines.write(line);
}

void print_error(GstMessage* message) {
  GError* error = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message, &error, &details);
  const ErrorPtr owned_error(error);
  const CharPtr owned_details(details);
  std::fprintf(stderr, "%s: %s (%s)\n", GST_MESSAGE_SRC_NAME(message), error->message,
               details ? details : "");
}

// The exit status. Leaves the pipeline in NULL.
int run(GstElement* pipeline, double timeout_s, JsonLines& lines) {
  const ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline));
  const gint64 end_us = g_get_monotonic_time() + static_cast<gint64>(timeout_s * 1e6);
  int status = 3;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  while (status == 3) {
    const gint64 left_us = std::max<gint64>(end_us - g_get_monotonic_time(), 0);
    const MessagePtr message(gst_bus_timed_pop_filtered(
        bus.get(), static_cast<GstClockTime>(left_us) * GST_USECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT)));
    if (!message) break;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) status = 0;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      print_error(message.get());
      status = 1;
    }
    if (gst_message_has_name(message.get(), "npuwhisper/cue"))
      write_message(gst_message_get_structure(message.get()), lines);
  }
  if (status == 3) std::fprintf(stderr, "no end of the stream after %g s\n", timeout_s);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return status;
}

// A pipeline, also of a description of one element, on which nothing could be watched; null, with
// the reason printed, if the description is wrong.
ObjectPtr<GstElement> make_pipeline(const std::string& description) {
  GError* error = nullptr;
  ObjectPtr<GstElement> parsed(gst_parse_launch(description.c_str(), &error));
  const ErrorPtr owned(error);
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    return {};
  }
  if (GST_IS_PIPELINE(parsed.get())) return parsed;
  ObjectPtr<GstElement> pipeline(gst_pipeline_new(nullptr));
  gst_bin_add(GST_BIN(pipeline.get()), parsed.release());
  return pipeline;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: pipeline_probe [--scripted[=TEXTS]] [--window-s=N] "
                 "[--timeout-s=N] DESCRIPTION\n");
    return 2;
  }
  if (arguments.scripted) npu::testing::hide_plugin();
  gst_init(nullptr, nullptr);
  if (arguments.scripted &&
      !npu::testing::register_scripted_element(arguments.texts, arguments.window_s)) {
    std::fprintf(stderr, "no text in %s\n", arguments.texts.c_str());
    return 2;
  }
  const ObjectPtr<GstElement> pipeline = make_pipeline(arguments.description);
  if (!pipeline) return 2;
  JsonLines lines;
  watch_elements(pipeline.get(), lines);
  return run(pipeline.get(), arguments.timeout_s, lines);
}
