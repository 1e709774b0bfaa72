package canary

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// quiet waits until what was announced is consumed.
func (s *stage) quiet() error {
	return s.until("the outboxes are empty", func() bool {
		rows := 0
		for _, schema := range []string{"intake", "autoprocessing", "adviceoutcome", "registry", "workitems"} {
			var n int
			if err := s.admin.QueryRow(s.ctx, `SELECT count(*) FROM `+schema+`.outbox`).Scan(&n); err != nil {
				return false
			}
			rows += n
		}
		return rows == 0
	})
}

// look searches everything that may not hold a canary.
func (s *stage) look() error {
	for _, m := range methods() {
		path := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
		if !s.called[path] {
			s.problem("%s was never called", path)
		}
	}
	if s.owned < 20 {
		s.problem("only %d canaries came back to the authority that sent them", s.owned)
	}
	for _, span := range s.spans.GetSpans() {
		s.hit("a span", s.set.Find([]byte(fmt.Sprintf("%+v", span)))...)
	}
	if len(s.spans.GetSpans()) == 0 {
		s.problem("no spans were seen")
	}
	answer, err := http.Get("http://" + s.hub.HTTP() + "/metrics") //nolint:noctx // ends with the hub
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || len(metrics) < 1000 {
		s.problem("metrics: %s, %v", answer.Status, err)
	}
	s.hit("a metric", s.set.Find(metrics)...)
	s.lookAtLabels(string(metrics))
	s.lookAtBus()
	s.lookAtFiles()
	if err := s.lookAtActions(); err != nil {
		return err
	}
	return s.lookAtTables()
}

// lookAtActions tells of the actions in the audit log.
func (s *stage) lookAtActions() error {
	rows, err := s.admin.Query(s.ctx, `SELECT DISTINCT l::jsonb->>'action' FROM audit.record, string_to_table(rtrim(convert_from(entries, 'UTF8'), E'\n'), E'\n') l`)
	if err != nil {
		return err
	}
	var action string
	_, err = pgx.ForEachRow(rows, []any{&action}, func() error { s.action(action); return nil })
	return err
}

// lookAtLogs looks at what the hub wrote to its log.
func (s *stage) lookAtLogs() {
	text := []byte(s.log.String())
	for _, event := range []string{"handler panicked", "call failed", "event failed", "quarantined"} {
		if !strings.Contains(string(text), event) {
			s.problem("the log does not tell of %q", event)
		}
	}
	for _, line := range strings.Split(string(text), "\n") {
		if found := s.set.Find([]byte(line)); len(found) > 0 {
			s.hit(fmt.Sprintf("the log (%.160s)", line), found...)
		}
	}
}

// lookAtBus looks at subjects and headers of all messages, and at the bodies of
// those whose events carry no personal data beyond what the design allows.
func (s *stage) lookAtBus() {
	s.mu.Lock()
	heard := s.heard
	s.mu.Unlock()
	if len(heard) == 0 {
		s.problem("nothing was heard on the bus")
	}
	for _, m := range heard {
		s.hit("a subject of the bus", s.set.Find([]byte(m.Subject+" "+m.Reply))...)
		for name, values := range m.Header {
			s.hit("a header of the bus", s.set.Find([]byte(name+" "+strings.Join(values, " ")))...)
		}
		packet := new(eventv1.Packet)
		if proto.Unmarshal(m.Data, packet) != nil || len(packet.GetEvents()) == 0 {
			continue // the broker's own, and the poison
		}
		for _, e := range packet.GetEvents() {
			s.lookAtEvent(e)
		}
	}
	if s.restricted < 2 || s.children == 0 {
		s.problem("%d events of a restricted record and %d names of other children were seen on the bus", s.restricted, s.children)
	}
}

// lookAtEvent: which events carry personal data is the design's; of the others
// the CRN, the reference and the note for the authority are for their consumers.
func (s *stage) lookAtEvent(e *eventv1.Event) {
	switch b := e.GetBody().(type) {
	case *eventv1.Event_SubmissionLodged, *eventv1.Event_SubmissionCreated, *eventv1.Event_WithdrawalRequested:
		return
	case *eventv1.Event_CircumstanceChanged:
		s.lookAtRecord(b.CircumstanceChanged)
	default:
		m := e.ProtoReflect()
		f := m.WhichOneof(m.Descriptor().Oneofs().ByName("body"))
		if f == nil {
			return
		}
		body := m.Mutable(f).Message()
		if notice := body.Descriptor().Fields().ByName("notice"); notice != nil && body.Has(notice) {
			body = body.Mutable(notice).Message()
		}
		for _, name := range []string{"crn", "reference", "note_for_authority"} {
			for i := range body.Descriptor().Fields().Len() {
				if f := body.Descriptor().Fields().Get(i); string(f.Name()) == name {
					body.Clear(f)
				}
			}
		}
		data, _ := proto.Marshal(e)
		s.hit(fmt.Sprintf("a %T", b), s.set.Find(data)...)
	}
}

// lookAtFiles looks below the hub's directory, apart from the data of the
// database and the store of the bus, which is encrypted; the server's log is
// looked at.
func (s *stage) lookAtFiles() {
	files := 0
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // it went meanwhile
		case d.IsDir() && (d.Name() == "base" || d.Name() == "pg_wal" || d.Name() == "global" || d.Name() == "pg_stat_tmp"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // it went meanwhile
		}
		files++
		name, _ := filepath.Rel(s.dir, path)
		s.hit("the file "+name, s.set.Find(data)...)
		s.hit("the name of a file", s.set.Find([]byte(name))...)
		return nil
	})
	if err != nil || files == 0 {
		s.problem("%d files were looked at: %v", files, err)
	}
}

// lookAtTables looks at every column of every table.
func (s *stage) lookAtTables() error {
	rows, err := s.admin.Query(s.ctx, `SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	var schema, table string
	var tables [][2]string
	if _, err := pgx.ForEachRow(rows, []any{&schema, &table}, func() error {
		tables = append(tables, [2]string{schema, table})
		return nil
	}); err != nil {
		return err
	}
	if len(tables) < 20 {
		s.problem("only %d tables were found", len(tables))
	}
	kept, named := map[string]bool{}, 0
	for _, t := range tables {
		rows, err := s.admin.Query(s.ctx, `SELECT * FROM `+pgx.Identifier{t[0], t[1]}.Sanitize())
		if err != nil {
			return fmt.Errorf("read %s.%s: %w", t[0], t[1], err)
		}
		for rows.Next() {
			for i, value := range rows.RawValues() {
				column := t[0] + "." + t[1] + "." + rows.FieldDescriptions()[i].Name
				found := s.set.Find(value)
				if !mayHold(column) {
					s.hit("the column "+column, found...)
				}
				for _, b := range found {
					kept[b.Song] = true
					switch {
					case t[0] != "workitems" || b.Field != childName:
					case b.Secret:
						s.hit("the column "+column+" of a restricted record", b)
					default:
						named++
					}
				}
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read %s.%s: %w", t[0], t[1], err)
		}
	}
	// What was planted has to have arrived where it belongs, or nothing is shown.
	if len(kept) < enough {
		s.problem("only %d canaries arrived in the tables they are for", len(kept))
	}
	if named == 0 {
		s.problem("no name of a child arrived with the work items, which may have those of open records")
	}
	var entries int
	if err := s.admin.QueryRow(s.ctx, `SELECT coalesce(sum(count), 0) FROM audit.record`).Scan(&entries); err != nil || entries < enough {
		s.problem("the audit log has %d entries: %v", entries, err)
	}
	return nil
}

// enough canaries in the tables, and entries in the audit log, for the play to
// have taken place.
const enough = 150
