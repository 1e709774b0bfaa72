package api

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// finder is a search under way, for one caller: what lists, counts, exports and
// acts on what matches finds the same.
type finder struct {
	q      *Queue
	search *store.Search
	sight  sight
	words  *policy.Policy
	at     decision.Moment
}

// finder begins a search. One for a record the caller may not see is refused.
func (q *Queue) finder(ctx context.Context, r *processingv1.SearchSubmissionsRequest, at decision.Moment) (*finder, error) {
	f := &finder{q: q, at: at}
	var err error
	if f.search, err = searchOf(r, at); err != nil {
		return nil, err
	}
	if f.sight, err = sightOf(ctx, q.p); err != nil {
		return nil, err
	}
	if f.search.CRN != "" {
		if err := f.sight.open(ctx, f.search.CRN); err != nil {
			return nil, err
		}
	}
	f.search.Guarded = !f.sight.everything
	f.words, err = q.words(at)
	return f, err
}

// all begins a search whose order stands and whose page is of no account.
func (q *Queue) all(ctx context.Context, r *processingv1.SearchSubmissionsRequest, at decision.Moment, each int) (*finder, error) {
	whole := proto.CloneOf(r)
	whole.PageToken, whole.PageSize = "", int32(each)
	return q.finder(ctx, whole, at)
}

const (
	// maxReads bounds the reads of one page, readMore is the least size of all but the first.
	maxReads = 20
	readMore = 500
)

// read hands on the rows that are shown, in order, until take has enough, there
// are no more, or it has read so many times: then it returns the last row it read.
func (f *finder) read(ctx context.Context, times int, take func(*store.Found, *processingv1.SubmissionSummary) (more bool)) (*store.Submission, error) {
	for n := 1; ; n++ {
		found, err := f.search.Submissions(ctx, f.q.p.Pool)
		if err != nil {
			return nil, postgres.Classify(err)
		}
		rows := make([]*processingv1.SubmissionSummary, len(found))
		for i := range found {
			rows[i] = summaryOf(&found[i], f.at, f.words)
		}
		f.q.guard(ctx, &f.sight, f.words, found, rows)
		for i, row := range rows {
			if shows(f.search.Reasons, row) && !take(&found[i], row) {
				return nil, nil
			}
		}
		if len(found) < f.search.Limit {
			return nil, nil
		}
		end := &found[len(found)-1].Submission
		if n == times {
			return end, nil
		}
		// What the caller may see can end while a long search goes on.
		if f.sight, err = sightOf(ctx, f.q.p); err != nil {
			return nil, err
		}
		f.search.Limit = max(f.search.Limit, readMore)
		f.search.After = store.Position{LodgedAt: end.LodgedAt, ID: end.ID}
	}
}

// page reads until it is full of rows that are shown, or there are no more: a page
// that ends early, or has a next one that is empty, would tell that a row was found
// by a reason the caller may not know of.
func (f *finder) page(ctx context.Context) (*processingv1.SearchSubmissionsResponse, error) {
	size := f.search.Limit
	f.search.Limit++ // one more tells whether there is a next page
	response := &processingv1.SearchSubmissionsResponse{}
	last := ""
	end, err := f.read(ctx, maxReads, func(found *store.Found, row *processingv1.SubmissionSummary) bool {
		if len(response.GetSubmissions()) == size {
			response.NextPageToken = last
			return false
		}
		response.Submissions, last = append(response.Submissions, row), tokenOf(&found.Submission, f.search.Newest)
		return true
	})
	if end != nil {
		response.NextPageToken = tokenOf(end, f.search.Newest)
	}
	return response, err
}

// countEach is how many rows are read at a time to count those that are shown; the
// registry is asked about as many records at most.
const countEach = 2000

// count counts what is shown, up to a limit. Who asks by reasons is not told of
// rows found by one that is masked, so these rows have to be looked at.
func (f *finder) count(ctx context.Context, limit int) (n int, err error) {
	if len(f.search.Reasons) == 0 || (f.sight.everything && len(f.sight.conflicts) == 0) {
		n, err = f.search.Count(ctx, f.q.p.Pool, limit)
		return n, postgres.Classify(err)
	}
	f.search.Limit = countEach
	end, err := f.read(ctx, limit/countEach+maxReads, func(*store.Found, *processingv1.SubmissionSummary) bool {
		n++
		return n < limit
	})
	if err == nil && end != nil {
		err = masked()
	}
	return n, err
}

// masked answers when so many rows are masked that what is left cannot be counted:
// the registry is out of reach.
func masked() error {
	return fault.New(fault.Unavailable, "REGISTRY_UNAVAILABLE", "it cannot be asked now whether access to the records is restricted").
		WithRetry(lookTime).WithHelp("Try again shortly, or do not search by reason.")
}
