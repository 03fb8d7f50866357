package io.ablate.backend;

/**
 * A backend with the account of its choice.
 *
 * @param <T> the kind of work
 * @param backend what computes
 * @param role how it was chosen, for the {@link BackendReport}
 */
public record Selection<T>(T backend, BackendReport.Role role) {}
