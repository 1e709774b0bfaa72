package intake_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

// TestForeignTokens: a token is good for whom it was given, for what it was given,
// and as it was given. Everything else is one and the same refusal.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ours, theirs := w.as("qld-cp"), w.as("nt-cp")
	first := submit(t, ours, notice())
	submit(t, ours, notice())
	submit(t, theirs, notice())
	submit(t, theirs, notice())
	page := func(c intakev1.IntakeServiceClient, token string) (*intakev1.ListSubmissionsResponse, error) {
		return c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{PageSize: 1, PageToken: token})
	}
	watch := func(c intakev1.IntakeServiceClient, token string) error {
		stream, err := c.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{ResumeToken: token})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	}
	list, err := page(ours, "")
	if err != nil || list.GetNextPageToken() == "" {
		t.Fatal(list, err)
	}
	token := list.GetNextPageToken()
	if next, err := page(ours, token); err != nil || next.GetSubmissions()[0].GetReceipt().GetSubmissionId() != first.GetSubmissionId() {
		t.Errorf("its own: %v, %v", next, err)
	}
	id := idOf(t, first)
	stream, err := ours.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	header, err := stream.Header()
	if err != nil {
		t.Fatal(err)
	}
	resume := header.Get(resumeHeader)[0]
	altered := []byte(token)
	altered[10] ^= 1
	var refusal error
	for what, bad := range map[string]string{
		"plain id": base64.RawURLEncoding.EncodeToString(id[:]), "altered": string(altered), "cut": token[:20], "of a watch": resume,
		"with a newline": token + "\n", "NUL": "\x00", "long": strings.Repeat("A", 200),
	} {
		_, err := page(ours, bad)
		if !names(err, codes.InvalidArgument, "page_token") {
			t.Errorf("%s: %v", what, err)
		}
		if err := watch(ours, bad+"A"); !names(err, codes.InvalidArgument, "resume_token") {
			t.Errorf("watch, %s: %v", what, err)
		}
		refusal = err
	}
	_, foreign := page(theirs, token)
	if !proto.Equal(status.Convert(foreign).Proto(), status.Convert(refusal).Proto()) {
		t.Errorf("another's: %v, rubbish: %v", foreign, refusal)
	}
	if err := watch(theirs, resume); !names(err, codes.InvalidArgument, "resume_token") {
		t.Errorf("another's watch: %v", err)
	}
	// One of this hub's own, of a place that was never reached.
	key, err := receipt.LoadKey(w.keys, false)
	if err != nil {
		t.Fatal(err)
	}
	forge, err := pagetoken.New(key.TokenSecret(), "changes")
	if err != nil {
		t.Fatal(err)
	}
	place := binary.BigEndian.AppendUint64(nil, math.MaxUint64)
	place = append(place, make([]byte, 20)...)
	if err := watch(ours, forge.Seal("qld-cp", place)); faultOf(err).Reason != "RESUME_TOKEN_AHEAD" {
		t.Errorf("ahead: %v", err)
	}
}

// TestBadShapes asks with everything that is not of the form it should be: refused
// at the door, naming the field, and never an error of the database.
func TestBadShapes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	get := func(r *intakev1.GetSubmissionRequest) error { _, err := c.GetSubmission(t.Context(), r); return err }
	list := func(r *intakev1.ListSubmissionsRequest) error {
		_, err := c.ListSubmissions(t.Context(), r)
		return err
	}
	withdraw := func(r *intakev1.WithdrawSubmissionRequest) error {
		_, err := c.WithdrawSubmission(t.Context(), r)
		return err
	}
	errs := map[string]error{
		"submission_id 10,000": get(&intakev1.GetSubmissionRequest{SubmissionId: strings.Repeat("a", 10_000)}),
		"submission_id NUL":    get(&intakev1.GetSubmissionRequest{SubmissionId: "\x00"}),
		"submission_id SQL":    get(&intakev1.GetSubmissionRequest{SubmissionId: "' OR 1=1 --"}),
		"page_token 10,000":    list(&intakev1.ListSubmissionsRequest{PageToken: strings.Repeat("a", 10_000)}),
		"page_size negative":   list(&intakev1.ListSubmissionsRequest{PageSize: -1}),
		"page_size largest":    list(&intakev1.ListSubmissionsRequest{PageSize: math.MaxInt32}),
		"crn SQL":              list(&intakev1.ListSubmissionsRequest{Crn: "123456789A' --"}),
		"crn newline":          list(&intakev1.ListSubmissionsRequest{Crn: "123456789A\n"}),
		"lodged_from largest":  list(&intakev1.ListSubmissionsRequest{LodgedFrom: &timestamppb.Timestamp{Seconds: math.MaxInt64}}),
		"lodged_before early":  list(&intakev1.ListSubmissionsRequest{LodgedBefore: &timestamppb.Timestamp{Seconds: math.MinInt64}}),
		"lodged_before nanos":  list(&intakev1.ListSubmissionsRequest{LodgedBefore: &timestamppb.Timestamp{Nanos: -1}}),
		"note NUL":             withdraw(&intakev1.WithdrawSubmissionRequest{Reference: "x", Note: "\x00"}),
		"wait negative":        withdraw(&intakev1.WithdrawSubmissionRequest{Reference: "x", Wait: &durationpb.Duration{Seconds: -1}}),
		"wait largest":         withdraw(&intakev1.WithdrawSubmissionRequest{Reference: "x", Wait: &durationpb.Duration{Seconds: math.MaxInt64}}),
	}
	for what, bad := range map[string]string{
		"255": strings.Repeat("a", 255), "10,000": strings.Repeat("a", 10_000), "NUL": "a\x00b", "newline": "a\nb", "at the end": "a\n",
		"space": "a b", "quote": "a'b", "ANSI": "a\x1b[31mb", "BOM": "\ufeffa", "percent": "%", "of the hub": "~DOI:a b",
	} {
		errs["reference "+what] = get(&intakev1.GetSubmissionRequest{Reference: bad})
		errs["reference withdrawn "+what] = withdraw(&intakev1.WithdrawSubmissionRequest{Reference: bad})
		lodged := notice()
		lodged.Reference = bad
		_, errs["submission.reference "+what] = c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: lodged})
	}
	errs["reference empty"] = withdraw(&intakev1.WithdrawSubmissionRequest{})
	for what, err := range errs {
		field, _, _ := strings.Cut(what, " ")
		if !names(err, codes.InvalidArgument, field) {
			t.Errorf("%s: %v %+v", what, status.Code(err), faultOf(err))
		}
	}
	if n := scalar[int](t, w.pool, "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM withdrawal)"); n != 0 {
		t.Errorf("%d rows were made", n)
	}
	// Of the right form, but absent: what the hub creates is named like this.
	if err := get(&intakev1.GetSubmissionRequest{Reference: "~PID:x"}); status.Code(err) != codes.NotFound {
		t.Errorf("%v", err)
	}
}

// TestTextsAreTexts lodges what would mean something to a shell, a log, a browser
// or the database: it comes back letter for letter, and is nowhere else.
func TestTextsAreTexts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	for i, text := range []string{
		`'; DROP TABLE submission; --`, `" OR ""="`, "$$; SELECT pg_sleep(9) $$", `%_\%`, `\x00 \u0000`, "<script>alert(1)</script>",
		"${jndi:ldap://x}", "level=ERROR msg=\"fake\"", `{"level":"ERROR"}`, "\ufeff\u202etxet", "Zoë 🙂 名前", "a\r\nb\tc",
	} {
		s := notice()
		s.GetNoticeToCommence().Text = text + " CANARY"
		if !strings.ContainsAny(text, "\r\n\t") {
			s.CaseWorker = text
			s.GetNoticeToCommence().Customer.FamilyName = text + " CANARY"
		}
		r := submit(t, c, s)
		if view := get(t, c, r).GetSubmission(); !proto.Equal(view.GetSubmission(), s) {
			t.Errorf("%d came back as %v", i, view.GetSubmission())
		}
		s.GetNoticeToCommence().DurationMonths = 24
		s.Reference += "-bad"
		_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s})
		if text := fmt.Sprintf("%v %v", err, faultOf(err)); strings.Contains(text, "CANARY") {
			t.Errorf("%d is in an error: %s", i, text)
		}
	}
	if text := w.log.String(); strings.Contains(text, "CANARY") || strings.Contains(text, "123456789A") || strings.Contains(text, "fake") {
		t.Errorf("texts are in the log:\n%s", text)
	}
	for _, e := range w.entries("submission.lodged") {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, "CANARY") {
			t.Errorf("texts are in the audit log: %s", text)
		}
	}
}
