// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of properties: name, meaning, range and the field of Settings behind each.
#pragma once

#include <glib-object.h>

#include <span>
#include <variant>

#include "settings.h"

namespace npu::gst {

// A field of an enumeration type of C++, seen as one of GObject.
struct EnumField {
  GType (*type)();
  int (*get)(const Settings&);
  void (*set)(Settings&, int);
};

struct PropertyRow {
  const char* name;
  const char* nick;
  const char* blurb;  // with unit, and what the ends of the range mean
  std::variant<bool Settings::*, int Settings::*, unsigned Settings::*, uint64_t Settings::*,
               double Settings::*, std::string Settings::*, EnumField>
      field;
  double least = 0;  // of numbers
  double most = 0;
  bool live = false;  // takes effect while running; else at the next READY to PAUSED
};

// In the order in which gst-inspect shows them. Defaults are those of Settings.
std::span<const PropertyRow> property_rows();

// The enumeration types of the rows.
std::span<const GType> property_enum_types();

}  // namespace npu::gst
