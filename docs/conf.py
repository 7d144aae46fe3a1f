# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Sphinx: pages in Markdown (MyST), the headers' comments through Doxygen and Breathe. See ci/docs."""

import pathlib
import re

_top = pathlib.Path(__file__).resolve().parent.parent
project = "Cohort"
author = "The Cohort authors"
copyright = "2026, The Cohort authors"
release = re.search(r"project\(cohort VERSION ([\d.]+)", (_top / "CMakeLists.txt").read_text()).group(1)
version = release.rsplit(".", 1)[0]

extensions = ["myst_parser", "breathe"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
breathe_projects = {"cohort": str(_top / "build" / "docs" / "doxygen" / "xml")}
breathe_default_project = "cohort"
breathe_default_members = ("members",)
primary_domain = "cpp"
cpp_id_attributes = ["COHORT_EXPORT"]
html_theme = "alabaster"
html_theme_options = {"description": "Process-based parallelism for C++", "page_width": "1100px"}
# Pages link to files of the repository that are no pages of the manual.
suppress_warnings = ["myst", "ref.myst", "myst.ref", "toc.excluded"]
