// SPDX-License-Identifier: LGPL-2.1-or-later
// Installs, reads and writes properties by the rows of property_table.h.
#include "properties.h"

#include <variant>

#include "property_table.h"

namespace npu::gst {
namespace {

constexpr guint kActiveDevice = 1;
constexpr guint kStats = 2;
constexpr guint kFirstRow = 3;

const PropertyRow* row_of(guint id) {
  const auto rows = property_rows();
  return id >= kFirstRow && id - kFirstRow < rows.size() ? &rows[id - kFirstRow] : nullptr;
}

GParamFlags flags_of(const PropertyRow& row) {
  const int when = row.live ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY;
  return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | when);
}

struct MakeSpec {
  const PropertyRow& row;
  Settings defaults;

  GParamSpec* operator()(bool Settings::*field) const {
    return g_param_spec_boolean(row.name, row.nick, row.blurb, defaults.*field, flags_of(row));
  }
  GParamSpec* operator()(int Settings::*field) const {
    return g_param_spec_int(row.name, row.nick, row.blurb, static_cast<gint>(row.least),
                            static_cast<gint>(row.most), defaults.*field, flags_of(row));
  }
  GParamSpec* operator()(unsigned Settings::*field) const {
    return g_param_spec_uint(row.name, row.nick, row.blurb, static_cast<guint>(row.least),
                             static_cast<guint>(row.most), defaults.*field, flags_of(row));
  }
  GParamSpec* operator()(uint64_t Settings::*field) const {
    return g_param_spec_uint64(row.name, row.nick, row.blurb, 0, G_MAXUINT64, defaults.*field,
                               flags_of(row));
  }
  GParamSpec* operator()(double Settings::*field) const {
    return g_param_spec_double(row.name, row.nick, row.blurb, row.least, row.most, defaults.*field,
                               flags_of(row));
  }
  GParamSpec* operator()(std::string Settings::*field) const {
    return g_param_spec_string(row.name, row.nick, row.blurb, (defaults.*field).c_str(),
                               flags_of(row));
  }
  GParamSpec* operator()(const EnumField& field) const {
    return g_param_spec_enum(row.name, row.nick, row.blurb, field.type(), field.get(defaults),
                             flags_of(row));
  }
};

struct SetField {
  Settings& settings;
  const GValue* value;

  void operator()(bool Settings::*field) const { settings.*field = g_value_get_boolean(value); }
  void operator()(int Settings::*field) const { settings.*field = g_value_get_int(value); }
  void operator()(unsigned Settings::*field) const { settings.*field = g_value_get_uint(value); }
  void operator()(uint64_t Settings::*field) const { settings.*field = g_value_get_uint64(value); }
  void operator()(double Settings::*field) const { settings.*field = g_value_get_double(value); }
  void operator()(std::string Settings::*field) const {
    const gchar* string = g_value_get_string(value);
    settings.*field = string ? string : "";
  }
  void operator()(const EnumField& field) const { field.set(settings, g_value_get_enum(value)); }
};

struct GetField {
  const Settings& settings;
  GValue* value;

  void operator()(bool Settings::*field) const { g_value_set_boolean(value, settings.*field); }
  void operator()(int Settings::*field) const { g_value_set_int(value, settings.*field); }
  void operator()(unsigned Settings::*field) const { g_value_set_uint(value, settings.*field); }
  void operator()(uint64_t Settings::*field) const { g_value_set_uint64(value, settings.*field); }
  void operator()(double Settings::*field) const { g_value_set_double(value, settings.*field); }
  void operator()(std::string Settings::*field) const {
    g_value_set_string(value, (settings.*field).c_str());
  }
  void operator()(const EnumField& field) const { g_value_set_enum(value, field.get(settings)); }
};

// A structure for each list, in a list.
void add_device_work(GstStructure* stats, const std::vector<ListWork>& lists) {
  if (lists.empty()) return;
  GValue all = G_VALUE_INIT;
  gst_value_list_init(&all, static_cast<guint>(lists.size()));
  for (const ListWork& list : lists) {
    GstStructure* one = gst_structure_new(
        "npuwhisper-list", "list", G_TYPE_STRING, list.list.c_str(), "replays", G_TYPE_INT64,
        list.replays, "commands", G_TYPE_INT64, list.commands, "device", G_TYPE_DOUBLE,
        list.device_s, "logits", G_TYPE_DOUBLE, list.logits_s, "host", G_TYPE_DOUBLE, list.host_s,
        "bytes-to-device", G_TYPE_UINT64, list.bytes_to_device, "bytes-from-device", G_TYPE_UINT64,
        list.bytes_from_device, nullptr);
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, one);
    gst_value_list_append_and_take_value(&all, &value);
  }
  gst_structure_take_value(stats, "device-work", &all);
}

GstStructure* stats_of(const WorkDone& work, const std::string& arithmetic,
                       const std::vector<ListWork>& device_work) {
  const TranscriberStats& engine = work.engine;
  GstStructure* stats = gst_structure_new(
      "npuwhisper-stats", "arithmetic", G_TYPE_STRING, arithmetic.c_str(), "audio", G_TYPE_DOUBLE,
      work.audio_s, "mel", G_TYPE_DOUBLE, engine.mel_s, "encoder", G_TYPE_DOUBLE, engine.encoder_s,
      "cross-kv", G_TYPE_DOUBLE, engine.cross_kv_s, "decode", G_TYPE_DOUBLE, engine.decode_s,
      "alignment", G_TYPE_DOUBLE, engine.alignment_s, "vad", G_TYPE_DOUBLE, engine.vad_s, "speech",
      G_TYPE_DOUBLE, engine.speech_s, "skipped", G_TYPE_DOUBLE, engine.skipped_s, "windows",
      G_TYPE_INT64, engine.windows, "encoder-runs", G_TYPE_INT64, engine.encoder_runs, "tokens",
      G_TYPE_INT64, engine.decoded_tokens, "decode-steps", G_TYPE_INT64, engine.decode_steps,
      "guesses", G_TYPE_INT64, engine.guesses, "right-guesses", G_TYPE_INT64, engine.right_guesses,
      "fallbacks", G_TYPE_INT64, engine.fallbacks, nullptr);
  add_device_work(stats, device_work);
  return stats;
}

}  // namespace

void install_properties(GObjectClass* klass) {
  g_object_class_install_property(
      klass, kActiveDevice,
      g_param_spec_string("active-device", "Active device",
                          "The device that the loaded model runs on: cpu or npu; empty while no "
                          "model is loaded",
                          "", static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  g_object_class_install_property(
      klass, kStats,
      g_param_spec_boxed("stats", "Statistics",
                         "Arithmetic of the loaded model; work since the stream began: s of audio "
                         "given to the engine, s spent in "
                         "mel, encoder, cross-kv, decode, alignment and vad, s of speech heard and "
                         "skipped for want of it (with vad), and counts of windows, encoder-runs, "
                         "tokens, decode-steps, guesses (tokens checked before they were due), "
                         "right-guesses and fallbacks; of an NPU device-work, what each list of "
                         "operations has cost it since it was opened",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  guint id = kFirstRow;
  for (const PropertyRow& row : property_rows())
    g_object_class_install_property(klass, id++, std::visit(MakeSpec{row, Settings()}, row.field));
  for (GType type : property_enum_types())
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

void set_property(State& state, GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (const PropertyRow* row = row_of(id))
    state.change_settings([&](Settings& settings) {
      std::visit(SetField{settings, value}, row->field);
    });
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(const State& state, GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == kActiveDevice)
    g_value_set_string(value, state.active_device().c_str());
  else if (id == kStats)
    g_value_take_boxed(value, stats_of(state.work_done(), state.arithmetic(), state.device_work()));
  else if (const PropertyRow* row = row_of(id))
    std::visit(GetField{state.settings(), value}, row->field);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

}  // namespace npu::gst
