package web

import "runtime/debug"

// Version says which build this is: the module's version and the revision it
// was built from ("v1.2.0 (3f2a9c1b0d4e, modified)"), "devel" where the build
// does not know.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	version, revision, modified := info.Main.Version, "", ""
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(12, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return version
	}
	return version + " (" + revision + modified + ")"
}
