// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "cohort/pool.hpp"
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

// The function of that name in the plug-in, which is loaded for it.
template <class Signature>
Signature* of_plug_in(const std::string& path, const char* name) {
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) throw std::runtime_error(::dlerror());
  return reinterpret_cast<Signature*>(::dlsym(module, name));
}

// In a child of its own each, so that a pool can be made before the module is loaded.
void use_plug_in_in_pool(StartMethod method, bool loaded_first) {
  if (loaded_first)
    throw SystemExit(of_plug_in<int(int)>(COHORT_TEST_PLUGIN, "plugin_own_pool")(static_cast<int>(method)));
  Pool pool({.processes = 2, .start_method = method});
  (void)pool.apply([] {});
  throw SystemExit(of_plug_in<int(Pool*)>(COHORT_TEST_PLUGIN, "plugin_use_pool")(&pool));
}

// What cannot be loaded in the workers is an error of the call, and the pool goes on.
void lose_plug_in(StartMethod method, const std::string& copy) {
  std::filesystem::copy_file(COHORT_TEST_PLUGIN, copy);
  Pool pool({.processes = 2, .start_method = method});
  int pid = pool.apply([] { return ::getpid(); });
  auto use = of_plug_in<int(Pool*)>(copy, "plugin_use_pool");
  std::filesystem::remove(copy);
  try {
    (void)use(&pool);
    throw SystemExit(1);
  } catch (const RemoteException& e) {
    if (e.context().text.find(copy) == std::string::npos) throw SystemExit(2);
  }
  for (int i = 0; i < 20; ++i) (void)pool.apply([] { return 1; });
  auto pids = pool.worker_pids();
  throw SystemExit(std::find(pids.begin(), pids.end(), pid) != pids.end() ? 0 : 3);
}

TEST_P(PlugIn, callables_run_in_workers_of_a_pool_that_was_made_before_it_was_loaded) {
  Process p = get_context(StartMethod::spawn).process(use_plug_in_in_pool, GetParam(), false);
  p.start();
  ASSERT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(PlugIn, callables_run_in_workers_of_a_pool_that_it_makes_itself) {
  Process p = get_context(StartMethod::spawn).process(use_plug_in_in_pool, GetParam(), true);
  p.start();
  ASSERT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(PlugIn, whose_file_is_gone_is_an_error_of_the_call_and_the_workers_live_on) {
  Process p = get_context(StartMethod::spawn).process(lose_plug_in, GetParam(), scratch / "copy.so");
  p.start();
  ASSERT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

}  // namespace
}  // namespace cohort::test
