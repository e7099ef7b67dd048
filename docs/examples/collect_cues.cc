// SPDX-License-Identifier: LGPL-2.1-or-later
// Shows how a program gets cues without a text pad: npuwhisper posts a message for each, with its
// times and probabilities, before the text leaves. Any pipeline that has the element in it will do.
//
//   collect_cues FILE [MODEL]        prints one line a cue: start, end in s, text
//
// Build: c++ -std=c++17 collect_cues.cc $(pkg-config --cflags --libs gstreamer-1.0) -o collect_cues
#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

struct Cue {
  GstClockTime start;  // of the file, in ns
  GstClockTime duration;
  std::string text;  // in one line
};

bool read_cue(GstMessage* message, Cue& cue) {
  if (!gst_message_has_name(message, "npuwhisper/cue")) return false;
  const GstStructure* fields = gst_message_get_structure(message);
  const gchar* text = gst_structure_get_string(fields, "text");
  cue.text = text ? text : "";
  std::replace(cue.text.begin(), cue.text.end(), '\n', ' ');
  return gst_structure_get_uint64(fields, "stream-time", &cue.start) &&
         gst_structure_get_uint64(fields, "duration", &cue.duration);
}

void print_error(const char* file, GstMessage* message) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  std::fprintf(stderr, "%s: %s\n", file, error->message);
  g_error_free(error);
}

// The cues of a pipeline that runs to its end; false on an error, which is printed.
bool collect(GstElement* pipeline, const char* file, std::vector<Cue>& cues) {
  GstBus* bus = gst_element_get_bus(pipeline);
  bool ended = false;
  bool failed = false;
  // A failure of this call comes as a message as well, with its reason.
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  while (!ended && !failed) {
    GstMessage* message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
    Cue cue;
    if (read_cue(message, cue)) cues.push_back(cue);
    ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    if (failed) print_error(file, message);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return !failed;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s FILE [MODEL]\n", argv[0]);
    return 2;
  }
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(
      "filesrc name=file ! decodebin ! npuwhisper name=whisper ! fakesink sync=false", &error);
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  GstElement* file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
  GstElement* whisper = gst_bin_get_by_name(GST_BIN(pipeline), "whisper");
  g_object_set(file, "location", argv[1], nullptr);
  if (argc == 3) g_object_set(whisper, "model", argv[2], nullptr);
  gst_object_unref(file);
  gst_object_unref(whisper);

  std::vector<Cue> cues;
  const bool done = collect(pipeline, argv[1], cues);
  for (const Cue& cue : cues)
    std::printf("%.3f\t%.3f\t%s\n", static_cast<double>(cue.start) / GST_SECOND,
                static_cast<double>(cue.start + cue.duration) / GST_SECOND, cue.text.c_str());
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return done ? 0 : 1;
}
