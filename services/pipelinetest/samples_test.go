package pipelinetest

import (
	"path/filepath"
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/services/adviceoutcome"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/registry"
	"github.com/noticehub/noticehub/services/workitems"
)

// Every sample of settings in deploy/ must load as the service would load it.
func TestSampleSettingsLoad(t *testing.T) {
	t.Parallel()
	own := map[string]any{
		"intake.yaml": new(intake.Config), "autoprocessing.yaml": new(autoprocessing.Config),
		"adviceoutcome.yaml": new(adviceoutcome.Config), "registry.yaml": new(registry.Config),
		"workitems.yaml": new(workitems.Config),
	}
	found, err := filepath.Glob("../../deploy/*.yaml")
	if err != nil || len(found) != len(own) {
		t.Fatalf("samples %v, %v", found, err)
	}
	for _, path := range found {
		var common launch.Settings
		specific, ok := own[filepath.Base(path)]
		if !ok {
			t.Errorf("%s belongs to no service", path)
			continue
		}
		if err := config.Load(config.Options{File: path, Env: func(string) (string, bool) { return "", false }}, &common, specific); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
