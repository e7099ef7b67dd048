// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's face: every property takes what it says, and the description is the one on file.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "element_fixture.h"

namespace npu::testing {
namespace {

void describe_properties(std::ostringstream& out, GObjectClass* klass, GType owner) {
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(klass, &count);
  for (guint i = 0; i < count; ++i) {
    GParamSpec* spec = specs[i];
    if (spec->owner_type != owner) continue;
    out << "\n" << spec->name << " (" << g_type_name(spec->value_type) << ")";
    if (!(spec->flags & G_PARAM_WRITABLE)) out << ", read only";
    if (spec->flags & GST_PARAM_MUTABLE_PLAYING) out << ", may change while playing";
    if (spec->flags & G_PARAM_WRITABLE) {
      const gst::CharPtr value(gst_value_serialize(g_param_spec_get_default_value(spec)));
      out << "\n  default " << (value ? value.get() : "none");
    }
    if (G_IS_PARAM_SPEC_INT(spec))
      out << ", range " << G_PARAM_SPEC_INT(spec)->minimum << " .. "
          << G_PARAM_SPEC_INT(spec)->maximum;
    if (G_IS_PARAM_SPEC_UINT(spec))
      out << ", range " << G_PARAM_SPEC_UINT(spec)->minimum << " .. "
          << G_PARAM_SPEC_UINT(spec)->maximum;
    if (G_IS_PARAM_SPEC_DOUBLE(spec))
      out << ", range " << G_PARAM_SPEC_DOUBLE(spec)->minimum << " .. "
          << G_PARAM_SPEC_DOUBLE(spec)->maximum;
    if (G_IS_PARAM_SPEC_ENUM(spec)) {
      const GEnumClass* values = G_PARAM_SPEC_ENUM(spec)->enum_class;
      for (guint v = 0; v < values->n_values; ++v)
        out << "\n  " << values->values[v].value_nick << ": " << values->values[v].value_name;
    }
    out << "\n  " << g_param_spec_get_blurb(spec) << "\n";
  }
  g_free(specs);
}

// One line per fact, without versions and paths.
std::string describe(GstElement* element) {
  std::ostringstream out;
  GstElementClass* klass = GST_ELEMENT_GET_CLASS(element);
  for (const char* key : {GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_KLASS,
                          GST_ELEMENT_METADATA_DESCRIPTION})
    out << key << ": " << gst_element_class_get_metadata(klass, key) << "\n";
  for (GList* item = gst_element_class_get_pad_template_list(klass); item; item = item->next) {
    auto* pad = GST_PAD_TEMPLATE(item->data);
    const gst::CapsPtr caps(gst_pad_template_get_caps(pad));
    out << "pad " << GST_PAD_TEMPLATE_NAME_TEMPLATE(pad) << ": "
        << gst::CharPtr(gst_caps_to_string(caps.get())).get() << "\n";
    const GType type = GST_PAD_TEMPLATE_GTYPE(pad);
    if (type == G_TYPE_NONE || type == GST_TYPE_PAD) continue;
    auto* pad_class = static_cast<GObjectClass*>(g_type_class_ref(type));
    describe_properties(out, pad_class, type);
    g_type_class_unref(pad_class);
  }
  describe_properties(out, G_OBJECT_GET_CLASS(element), G_OBJECT_TYPE(element));
  return out.str();
}

// To renew the file after a change that is meant: run the test with NPUWHISPER_WRITE_GOLDEN=1.
TEST(ElementProperties, DescriptionIsTheOneOnFile) {
  const char* path = std::getenv("NPUWHISPER_INSPECT_GOLDEN");
  ASSERT_TRUE(path) << "run through meson test, which sets NPUWHISPER_INSPECT_GOLDEN";
  Element element;
  const std::string description = describe(element.get());
  if (std::getenv("NPUWHISPER_WRITE_GOLDEN")) std::ofstream(path) << description;
  std::ifstream file(path);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(description, golden.str());
}

TEST(ElementProperties, KeepWhatTheyAreGiven) {
  Element element;
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  int written = 0;
  for (guint i = 0; i < count; ++i) {
    GParamSpec* spec = specs[i];
    if (spec->owner_type != G_OBJECT_TYPE(element.get()) || !(spec->flags & G_PARAM_WRITABLE))
      continue;
    GValue given = G_VALUE_INIT;
    g_value_init(&given, spec->value_type);
    // Not the default, so that a field that nothing is behind shows.
    if (G_VALUE_HOLDS_STRING(&given))
      g_value_set_string(&given, "another");
    else if (G_VALUE_HOLDS_BOOLEAN(&given))
      g_value_set_boolean(&given, !G_PARAM_SPEC_BOOLEAN(spec)->default_value);
    else if (G_VALUE_HOLDS_INT(&given))
      g_value_set_int(&given, G_PARAM_SPEC_INT(spec)->minimum + 3);
    else if (G_VALUE_HOLDS_UINT(&given))
      g_value_set_uint(&given, G_PARAM_SPEC_UINT(spec)->minimum + 3);
    else if (G_VALUE_HOLDS_UINT64(&given))
      g_value_set_uint64(&given, 77);
    else if (G_VALUE_HOLDS_DOUBLE(&given))
      g_value_set_double(
          &given,
          (G_PARAM_SPEC_DOUBLE(spec)->minimum * 3 + G_PARAM_SPEC_DOUBLE(spec)->maximum) / 4);
    else
      g_value_set_enum(&given, G_PARAM_SPEC_ENUM(spec)->default_value == 1 ? 2 : 1);
    g_object_set_property(G_OBJECT(element.get()), spec->name, &given);
    GValue got = G_VALUE_INIT;
    g_value_init(&got, spec->value_type);
    g_object_get_property(G_OBJECT(element.get()), spec->name, &got);
    EXPECT_EQ(g_param_values_cmp(spec, &given, &got), 0) << spec->name;
    g_value_unset(&given);
    g_value_unset(&got);
    ++written;
  }
  g_free(specs);
  EXPECT_GE(written, 40);
}

TEST(ElementProperties, StatsCountTheWork) {
  const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);
  Element element;
  element.script().window_s = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(info);
  element.push_audio(info, make_audio(info, 5, {}).get(), 0);
  element.end();
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  const gst::StructurePtr owner(stats);
  gdouble audio = 0;
  gint64 windows = 0;
  gst_structure_get_double(stats, "audio", &audio);
  gst_structure_get_int64(stats, "windows", &windows);
  EXPECT_NEAR(audio, 5.0, 1e-3);
  EXPECT_EQ(windows, 3);
}

}  // namespace
}  // namespace npu::testing
