package app

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// kinds of assets there are; mime.TypeByExtension would ask the machine.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// asset is a file whose name tells its content.
type asset struct {
	kind  string
	plain []byte
	pack  sync.Once
	gzip  []byte // nil when it is no smaller
}

func readAssets(built fs.FS) (map[string]*asset, error) {
	entries, err := fs.ReadDir(built, "assets")
	if err != nil {
		return nil, err
	}
	assets := make(map[string]*asset, len(entries))
	for _, e := range entries {
		content, err := fs.ReadFile(built, path.Join("assets", e.Name()))
		if err != nil {
			return nil, err
		}
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			kind = mime.FormatMediaType("application/octet-stream", nil)
		}
		assets[e.Name()] = &asset{kind: kind, plain: content}
	}
	return assets, nil
}

// packed is the content by gzip, made when first asked for.
func (f *asset) packed() []byte {
	f.pack.Do(func() {
		var out bytes.Buffer
		w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
		_, _ = w.Write(f.plain)                                 // memory takes everything
		_ = w.Close()
		if out.Len() < len(f.plain) {
			f.gzip = out.Bytes()
		}
	})
	return f.gzip
}

func (a *App) asset(w http.ResponseWriter, r *http.Request) {
	f := a.assets[r.PathValue("name")]
	if f == nil {
		w.Header().Set("Cache-Control", "no-store") // it may be there after the next release
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content := f.plain
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if packed := f.packed(); packed != nil {
			h.Set("Content-Encoding", "gzip")
			content = packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // the browser may have gone
	}
}

// takesGzip reads an Accept-Encoding header as browsers write it; whoever weighs
// gzip with a zero gets it plain.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			return strings.TrimSpace(weight) != "q=0"
		}
	}
	return false
}
