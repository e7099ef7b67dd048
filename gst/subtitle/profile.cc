// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/profile.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace npu::subtitle {
namespace {

double double_field(const GstStructure* stats, const char* name) {
  double value = 0;
  gst_structure_get_double(stats, name, &value);
  return value;
}

int64_t int_field(const GstStructure* stats, const char* name) {
  gint64 value = 0;
  gst_structure_get_int64(stats, name, &value);
  return value;
}

double peak_memory_mb() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string stage_line(const char* name, double seconds, int64_t count, const char* unit,
                       double total_s) {
  std::array<char, 160> buffer;
  const double share = total_s > 0 ? seconds / total_s * 100 : 0;
  const double each_ms = count > 0 ? seconds * 1e3 / static_cast<double>(count) : 0;
  std::snprintf(buffer.data(), buffer.size(), "%-16s %9.3f s  %5.1f %%  %7lld x %9.3f ms per %s\n",
                name, seconds, share, static_cast<long long>(count), each_ms, unit);
  return buffer.data();
}

uint64_t bytes_field(const GstStructure* stats, const char* name) {
  guint64 value = 0;
  gst_structure_get_uint64(stats, name, &value);
  return value;
}

std::vector<ListWork> device_work_of(const GstStructure* stats) {
  std::vector<ListWork> lists;
  const GValue* all = gst_structure_get_value(stats, "device-work");
  for (guint i = 0; all != nullptr && i < gst_value_list_get_size(all); ++i) {
    const GstStructure* one = gst_value_get_structure(gst_value_list_get_value(all, i));
    ListWork list;
    list.list = gst_structure_get_string(one, "list");
    list.replays = int_field(one, "replays");
    list.commands = int_field(one, "commands");
    list.device_s = double_field(one, "device");
    list.logits_s = double_field(one, "logits");
    list.host_s = double_field(one, "host");
    list.bytes_to_device = bytes_field(one, "bytes-to-device");
    list.bytes_from_device = bytes_field(one, "bytes-from-device");
    lists.push_back(std::move(list));
  }
  return lists;
}

// Each time by replay, since a command of a list is what is waited for.
std::string device_table(const Profile& profile) {
  std::string text =
      "\nNPU, measured on the host, ms per replay of a list\n"
      "                 replays  commands   commands     logits       rest   kB to it  kB from "
      "it\n";
  for (const ListWork& list : profile.device_work) {
    const double replays = static_cast<double>(std::max<int64_t>(1, list.replays));
    std::array<char, 160> buffer;
    std::snprintf(buffer.data(), buffer.size(),
                  "%-16s %7lld %9lld %10.3f %10.3f %10.3f %10.1f  %10.1f\n", list.list.c_str(),
                  static_cast<long long>(list.replays), static_cast<long long>(list.commands),
                  list.device_s * 1e3 / replays, list.logits_s * 1e3 / replays,
                  list.host_s * 1e3 / replays,
                  static_cast<double>(list.bytes_to_device) / 1e3 / replays,
                  static_cast<double>(list.bytes_from_device) / 1e3 / replays);
    text += buffer.data();
  }
  return text +
         "commands of decode steps: " + printed("%.2f a token\n", profile.commands_per_token());
}

nlohmann::ordered_json device_json(const Profile& profile) {
  nlohmann::ordered_json lists = nlohmann::ordered_json::array();
  for (const ListWork& list : profile.device_work)
    lists.push_back({{"list", list.list},
                     {"replays", list.replays},
                     {"commands", list.commands},
                     {"device_s", list.device_s},
                     {"logits_s", list.logits_s},
                     {"host_s", list.host_s},
                     {"bytes_to_device", list.bytes_to_device},
                     {"bytes_from_device", list.bytes_from_device}});
  return lists;
}

}  // namespace

double Profile::commands_per_token() const {
  int64_t commands = 0;
  for (const ListWork& list : device_work)
    if (list.list == "decode_step") commands += list.commands;
  return tokens > 0 ? static_cast<double>(commands) / static_cast<double>(tokens) : 0;
}

Outcome<Profile> profile_of(const std::string& file, const Transcription& run) {
  const GstStructure* stats = run.stats.get();
  if (!stats) return Failure{ExitCode::kFailed, "this npuwhisper element keeps no statistics"};
  Profile profile;
  profile.file = file;
  profile.model = run.transcript.model;
  profile.device = run.device;
  const char* arithmetic = gst_structure_get_string(stats, "arithmetic");
  profile.arithmetic = arithmetic ? arithmetic : "";
  profile.load_s = run.load_s;
  profile.total_s = run.work_s;
  profile.audio_s = double_field(stats, "audio");
  profile.mel_s = double_field(stats, "mel");
  profile.encoder_s = double_field(stats, "encoder");
  profile.cross_kv_s = double_field(stats, "cross-kv");
  profile.decode_s = double_field(stats, "decode");
  profile.alignment_s = double_field(stats, "alignment");
  profile.windows = int_field(stats, "windows");
  profile.encoder_runs = int_field(stats, "encoder-runs");
  profile.tokens = int_field(stats, "tokens");
  profile.decode_steps = int_field(stats, "decode-steps");
  profile.guesses = int_field(stats, "guesses");
  profile.right_guesses = int_field(stats, "right-guesses");
  profile.fallbacks = int_field(stats, "fallbacks");
  profile.peak_memory_mb = peak_memory_mb();
  profile.device_work = device_work_of(stats);
  return profile;
}

std::string table(const Profile& p) {
  const double known_s = p.mel_s + p.encoder_s + p.cross_kv_s + p.decode_s + p.alignment_s;
  std::string text = p.file + "\n";
  text += "model " + p.model + ", device " + p.device + ", " + p.arithmetic + "\n\n";
  text += stage_line("mel", p.mel_s, p.windows, "window", p.total_s);
  text += stage_line("encoder", p.encoder_s, p.encoder_runs, "run", p.total_s);
  text += stage_line("cross K,V", p.cross_kv_s, p.encoder_runs, "run", p.total_s);
  text += stage_line("decode", p.decode_s, p.tokens, "token", p.total_s);
  if (p.alignment_s > 0) {
    text += stage_line("word times", p.alignment_s, p.windows, "window", p.total_s);
  }
  text += stage_line("everything else", p.total_s - known_s, p.windows, "window", p.total_s);
  text += "total            " + printed("%9.3f s", p.total_s) + " for " +
          printed("%.3f s of audio", p.audio_s) + "\n\n";
  text += "tokens           " + std::to_string(p.tokens) + " in " + std::to_string(p.decode_steps) +
          " steps, " + std::to_string(p.right_guesses) + " of " + std::to_string(p.guesses) +
          " guesses right, " + std::to_string(p.fallbacks) + " windows decoded again\n";
  text += "speed            " + printed("%.2f x real time", p.realtime_factor()) + "\n";
  text += "loading          " + printed("%.3f s", p.load_s) + "\n";
  text += "peak memory      " + printed("%.1f MB", p.peak_memory_mb) + "\n";
  if (!p.device_work.empty()) text += device_table(p);
  return text;
}

std::string json(const Profile& p) {
  nlohmann::ordered_json document = {
      {"file", p.file},
      {"model", p.model},
      {"device", p.device},
      {"arithmetic", p.arithmetic},
      {"audio_s", p.audio_s},
      {"load_s", p.load_s},
      {"total_s", p.total_s},
      {"realtime_factor", p.realtime_factor()},
      {"mel_s", p.mel_s},
      {"encoder_s", p.encoder_s},
      {"cross_kv_s", p.cross_kv_s},
      {"decode_s", p.decode_s},
      {"alignment_s", p.alignment_s},
      {"windows", p.windows},
      {"encoder_runs", p.encoder_runs},
      {"tokens", p.tokens},
      {"ms_per_token", p.ms_per_token()},
      {"decode_steps", p.decode_steps},
      {"guesses", p.guesses},
      {"right_guesses", p.right_guesses},
      {"fallbacks", p.fallbacks},
      {"peak_memory_mb", p.peak_memory_mb},
  };
  if (!p.device_work.empty()) {
    document["commands_per_token"] = p.commands_per_token();
    document["device_work"] = device_json(p);
  }
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace npu::subtitle
