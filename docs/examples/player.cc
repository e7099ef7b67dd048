// SPDX-License-Identifier: LGPL-2.1-or-later
// Shows captions in a player: playbin3 plays, its audio filter hands the sound to npuwhisper as
// well, and the text goes into the overlay that is its video filter.
//
//   player [--model MODEL] [--max-lag MS] [--video-sink SINK] [--audio-sink SINK] FILE-OR-URI
//
// Sinks are elements, or bins in the words of gst-launch-1.0; default: what playbin3 finds.
//
// The player never stalls, because its two queues hold more than npuwhisper needs before it says
// anything: twice its max-lag and 5 s (docs/elements.md); max-lag is 10 s if not told otherwise.
// They are limited in time and not in bytes. The picture waits decoded, so they cost memory: 25 s
// of 640x360 at 25 frames/s are 216 MB. A decoder's allocation query would wait until such a queue
// is empty, which it never is before the text comes: identity answers it in front of them.
//
// Build: c++ -std=c++17 player.cc $(pkg-config --cflags --libs gstreamer-1.0) -o player
#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr char kAudioFilter[] =
    "identity name=begin drop-allocation=true ! tee name=sound  sound. ! queue max-size-bytes=0 "
    "max-size-buffers=0 name=heard  sound. ! queue ! npuwhisper name=whisper";
constexpr char kVideoFilter[] =
    "identity name=begin drop-allocation=true ! queue max-size-bytes=0 max-size-buffers=0 "
    "name=seen ! "
    "videoconvert ! textoverlay name=overlay";

struct Options {
  const char* source = nullptr;
  const char* model = nullptr;
  const char* max_lag_ms = "10000";
  const char* video_sink = nullptr;
  const char* audio_sink = nullptr;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const char** value = !std::strcmp(argv[i], "--model")        ? &options.model
                         : !std::strcmp(argv[i], "--max-lag")    ? &options.max_lag_ms
                         : !std::strcmp(argv[i], "--video-sink") ? &options.video_sink
                         : !std::strcmp(argv[i], "--audio-sink") ? &options.audio_sink
                                                                 : nullptr;
    if (value && i + 1 < argc)
      *value = argv[++i];
    else if (!value && !options.source)
      options.source = argv[i];
    else
      return false;
  }
  return options.source != nullptr;
}

void set_property(GstElement* bin, const char* name, const char* property, const char* value) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(bin), name);
  gst_util_set_object_arg(G_OBJECT(element), property, value);
  gst_object_unref(element);
}

// A bin of a description, with its free sink pad or none; null with the reason printed.
GstElement* make_bin(const char* description, bool ghost_pads) {
  GError* error = nullptr;
  GstElement* bin = gst_parse_bin_from_description(description, ghost_pads, &error);
  if (error) {
    std::fprintf(stderr, "%s: %s\n", description, error->message);
    g_error_free(error);
  }
  return bin;
}

// Makes `pad` of the element `name` inside `bin` a pad of the bin.
void add_pad(GstElement* bin, const char* name, const char* pad, const char* bin_pad) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(bin), name);
  GstPad* inner = gst_element_get_static_pad(element, pad);
  gst_element_add_pad(bin, gst_ghost_pad_new(bin_pad, inner));
  gst_object_unref(inner);
  gst_object_unref(element);
}

GstPad* inner_pad(GstElement* bin, const char* name, const char* pad) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(bin), name);
  GstPad* found = gst_element_get_static_pad(element, pad);
  gst_object_unref(element);
  return found;
}

// playbin3 keeps its filters in bins of its own, and has no way for text from one to the other. The
// two pads are linked directly: data and events need no common parent, which is all the check is
// for.
bool link_text(GstElement* audio_filter, GstElement* video_filter) {
  GstPad* text = inner_pad(audio_filter, "whisper", "src");
  GstPad* overlay = inner_pad(video_filter, "overlay", "text_sink");
  const bool linked =
      gst_pad_link_full(text, overlay, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK;
  gst_object_unref(text);
  gst_object_unref(overlay);
  return linked;
}

bool add_filters(GstElement* player, const Options& options) {
  GstElement* audio = make_bin(kAudioFilter, false);
  GstElement* video = make_bin(kVideoFilter, false);
  if (!audio || !video) return false;
  add_pad(audio, "begin", "sink", "sink");
  add_pad(audio, "heard", "src", "src");
  add_pad(video, "begin", "sink", "sink");
  add_pad(video, "overlay", "src", "src");
  if (options.model) set_property(audio, "whisper", "model", options.model);
  set_property(audio, "whisper", "max-lag", options.max_lag_ms);
  const std::string held_ns =
      std::to_string((2 * std::strtoull(options.max_lag_ms, nullptr, 10) + 5000) * GST_MSECOND);
  set_property(audio, "heard", "max-size-time", held_ns.c_str());
  set_property(video, "seen", "max-size-time", held_ns.c_str());
  const bool linked = link_text(audio, video);
  g_object_set(player, "audio-filter", audio, "video-filter", video, nullptr);
  return linked;
}

bool set_sink(GstElement* player, const char* property, const char* description) {
  if (!description) return true;
  GstElement* sink = make_bin(description, true);
  if (sink) g_object_set(player, property, sink, nullptr);
  return sink != nullptr;
}

void set_source(GstElement* player, const char* source) {
  gchar* uri = gst_uri_is_valid(source) ? g_strdup(source) : gst_filename_to_uri(source, nullptr);
  g_object_set(player, "uri", uri, nullptr);
  g_free(uri);
}

// Plays to the end; the exit status.
int play(GstElement* player) {
  GstBus* bus = gst_element_get_bus(player);
  gst_element_set_state(player, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  if (failed) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::fprintf(stderr, "%s\n", error->message);
    g_error_free(error);
  }
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(player, GST_STATE_NULL);
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(
        stderr,
        "usage: %s [--model MODEL] [--max-lag MS] [--video-sink SINK] [--audio-sink SINK] FILE\n",
        argv[0]);
    return 2;
  }
  GstElement* player = gst_element_factory_make("playbin3", nullptr);
  if (!player || !add_filters(player, options) ||
      !set_sink(player, "video-sink", options.video_sink) ||
      !set_sink(player, "audio-sink", options.audio_sink)) {
    std::fprintf(stderr, "cannot set up the player\n");
    return 1;
  }
  set_source(player, options.source);
  const int status = play(player);
  gst_object_unref(player);
  return status;
}
