package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Listen string `config:"listen" default:"127.0.0.1:0" doc:"address"`
	Max    int32  `config:"max" default:"10" doc:"most at once"`
}

func (i inner) Validate() error {
	if i.Max < 1 {
		return errors.New("max must be at least 1")
	}
	return nil
}

type sample struct {
	Name  string        `config:"name" doc:"a name"`
	Wait  time.Duration `config:"wait" default:"5s" doc:"pause"`
	On    bool          `config:"on" default:"true" doc:"switch"`
	Ratio float64       `config:"ratio" default:"0.5" doc:"share"`
	List  []string      `config:"list" doc:"several"`
	GRPC  inner         `config:"grpc"`
}

func load(t *testing.T, yaml string, env map[string]string) (sample, error) {
	t.Helper()
	path := ""
	if yaml != "" {
		path = filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var s sample
	err := Load(Options{File: path, Env: func(k string) (string, bool) { v, ok := env[k]; return v, ok }}, &s)
	return s, err
}

func TestDefaultsFileAndEnvironment(t *testing.T) {
	t.Parallel()
	s, err := load(t, "name: n\nwait: 1m\nlist: [a, b]\ngrpc:\n  max: 3\n", map[string]string{"NOTICEHUB_GRPC_LISTEN": "127.0.0.1:9", "NOTICEHUB_WAIT": "2m"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "n" || s.Wait != 2*time.Minute || !s.On || s.Ratio != 0.5 || len(s.List) != 2 || s.GRPC != (inner{"127.0.0.1:9", 3}) {
		t.Errorf("loaded %+v", s)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "nombre: n\nwait: soon\ngrpc:\n  max: many\n  port: 1\n", map[string]string{"NOTICEHUB_ON": "perhaps", "NOTICEHUB_RATIO": "half"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"nombre: no such setting", "wait", "grpc.max", "grpc.port: no such setting", "on (from NOTICEHUB_ON)", "ratio"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %q: %v", want, err)
		}
	}
	if _, err := load(t, "", map[string]string{"NOTICEHUB_GRPC_MAX": "0"}); err == nil {
		t.Error("Validate of a nested struct was not called")
	}
	if err := Load(Options{File: "/nonexistent"}, &sample{}); err == nil {
		t.Error("a missing file was ignored")
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	text := Describe(&sample{}, "NOTICEHUB")
	if !strings.Contains(text, "NOTICEHUB_GRPC_LISTEN\n    address (default 127.0.0.1:0)") {
		t.Errorf("described as\n%s", text)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	list := List("", &sample{Name: "n"}, &inner{Max: 3})
	if len(list) != 9 {
		t.Fatalf("%d settings", len(list))
	}
	if first := list[0]; first != (Setting{Name: "name", Variable: "NOTICEHUB_NAME", Doc: "a name", Value: "n"}) {
		t.Errorf("%+v", first)
	}
	if nested := list[6]; nested.Name != "grpc.max" || nested.Variable != "NOTICEHUB_GRPC_MAX" || nested.Default != "10" {
		t.Errorf("%+v", nested)
	}
	if list[8].Value != int32(3) {
		t.Errorf("%+v", list[8])
	}
}
