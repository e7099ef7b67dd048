// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject shell of translate_src_%u.

/**
 * SECTION:npuwhisper-translate-pad
 * @title: GstNpuWhisperTranslatePad
 * @short_description: text in another language
 *
 * The English translation of what is said, from the same encoder pass as the transcript.
 */
#include "translate_pad.h"

#include "gst_ptr.h"
#include "model/tokenizer.h"

struct _GstNpuWhisperTranslatePad {
  GstPad parent;
  gchar* language_code;  // guarded by the object lock
};

G_DEFINE_FINAL_TYPE(GstNpuWhisperTranslatePad, gst_npu_whisper_translate_pad, GST_TYPE_PAD)

namespace {

constexpr guint kLanguageCode = 1;
constexpr const char* kEnglish = "en";

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (id != kLanguageCode) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  auto* self = GST_NPU_WHISPER_TRANSLATE_PAD(object);
  GST_OBJECT_LOCK(self);
  g_free(self->language_code);
  self->language_code = g_value_dup_string(value);
  GST_OBJECT_UNLOCK(self);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id != kLanguageCode) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  auto* self = GST_NPU_WHISPER_TRANSLATE_PAD(object);
  GST_OBJECT_LOCK(self);
  g_value_set_string(value, self->language_code);
  GST_OBJECT_UNLOCK(self);
}

void finalize(GObject* object) {
  g_free(GST_NPU_WHISPER_TRANSLATE_PAD(object)->language_code);
  G_OBJECT_CLASS(gst_npu_whisper_translate_pad_parent_class)->finalize(object);
}

}  // namespace

static void gst_npu_whisper_translate_pad_class_init(GstNpuWhisperTranslatePadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  g_object_class_install_property(
      object_class, kLanguageCode,
      g_param_spec_string("language-code", "Language",
                          "Language to translate to, as a BCP-47 tag; Whisper knows English only",
                          kEnglish,
                          static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                   GST_PARAM_MUTABLE_READY)));
}

static void gst_npu_whisper_translate_pad_init(GstNpuWhisperTranslatePad* self) {
  self->language_code = g_strdup(kEnglish);
}

namespace npu::gst {

Result<void> check_translate_pad(GstPad* pad) {
  gchar* value = nullptr;
  g_object_get(pad, "language-code", &value, nullptr);
  const CharPtr tag(value);
  const std::string code = tag ? tag.get() : "";
  if (find_language(code) == kEnglish) return {};
  return Error{
      ErrorCode::kInvalidArgument,
      text(CharPtr(gst_pad_get_name(pad)).get(),
           "::language-code: Whisper translates to English only; expected \"en\", found \"", code,
           "\"")};
}

}  // namespace npu::gst
