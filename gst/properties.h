// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's properties: one table, from which they are installed, read and written.
#pragma once

#include <gst/gst.h>

#include "state.h"

namespace npu::gst {

void install_properties(GObjectClass* klass);
void set_property(State& state, GObject* object, guint id, const GValue* value, GParamSpec* spec);
void get_property(const State& state, GObject* object, guint id, GValue* value, GParamSpec* spec);

}  // namespace npu::gst
