// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

class PlugIn : public EachMethod {};
COHORT_FOR_EACH_METHOD(PlugIn);

TEST_P(PlugIn, callables_run_in_children_that_load_it) {
  // With the fork server up before the module is loaded: it does not know the module.
  EXPECT_EQ(finished([] {}).exitcode(), 0);
  void* module = ::dlopen(COHORT_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(module, nullptr) << ::dlerror();
  auto run = reinterpret_cast<int (*)(int, int, const char*)>(::dlsym(module, "plugin_run"));
  ASSERT_NE(run, nullptr);
  for (int form : {0, 2}) EXPECT_EQ(run(static_cast<int>(GetParam()), form, (scratch / "log").c_str()), 7) << form;
  EXPECT_EQ(file_text(scratch / "log"), "plug-in 0\nplug-in 2\n");
}

TEST_P(PlugIn, a_plain_function_pointer_of_it_travels_too) {
  void* module = ::dlopen(COHORT_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(module, nullptr) << ::dlerror();
  auto run = reinterpret_cast<int (*)(int, int, const char*)>(::dlsym(module, "plugin_run"));
  EXPECT_EQ(run(static_cast<int>(GetParam()), 1, (scratch / "log").c_str()), 7);
}

}  // namespace
}  // namespace cohort::test
