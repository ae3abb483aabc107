{{- define "telefonistka.labels" -}}
app.kubernetes.io/name: telefonistka
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "telefonistka.pod" -}}
metadata:
  labels:
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "telefonistka.labels" . | nindent 4 }}
  {{- $annotations := include "telefonistka.annotations" . | fromYaml }}
  {{- with $annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if .Values.database.enabled }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "telefonistka.labels" . | nindent 10 }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.database.enabled }}
  initContainers:
    - name: migrate
      image: {{ include "telefonistka.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: ["migrate"]
      env: {{- include "telefonistka.database" . | nindent 8 }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- include "telefonistka.locked" . | nindent 8 }}
  {{- end }}
  containers:
    - name: server
      image: {{ include "telefonistka.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: ["server"]
      env:
        {{- if .Values.database.enabled }}
        {{- include "telefonistka.database" . | nindent 8 }}
        {{- else }}
        - name: TELEFONISTKA_INBOX
          value: /var/lib/telefonistka/inbox.sqlite3
        {{- end }}
        {{- include "telefonistka.credentials" . | trim | nindent 8 }}
        {{- range $name, $value := .Values.env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- range $name, $from := .Values.envFromSecrets }}
        - name: {{ $name }}
          valueFrom:
            secretKeyRef: {name: {{ $from.secret }}, key: {{ $from.key }}}
        {{- end }}
      ports:
        - name: http
          containerPort: 8080
      startupProbe:
        httpGet: {path: /live, port: http}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /live, port: http}
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /ready, port: http}
        timeoutSeconds: 6
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- include "telefonistka.locked" . | nindent 8 }}
      volumeMounts:
        {{- if eq .Values.credentials "app" }}
        - {name: key, mountPath: /etc/telefonistka, readOnly: true}
        {{- end }}
        - {name: tmp, mountPath: /tmp}
        {{- if not .Values.database.enabled }}
        - {name: inbox, mountPath: /var/lib/telefonistka}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- if eq .Values.credentials "app" }}
    - name: key
      secret:
        secretName: {{ .Values.secretName }}
        items:
          - {key: private-key.pem, path: private-key.pem, mode: 0440}
    {{- end }}
    - name: tmp
      emptyDir: {}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* For a Prometheus that looks for annotations; with a ServiceMonitor it would scrape everything twice. */}}
{{- define "telefonistka.annotations" -}}
{{- if not .Values.serviceMonitor.enabled }}
prometheus.io/scrape: "true"
prometheus.io/port: "8080"
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "telefonistka.image" -}}
{{ required "image.repository is missing: set it to where you pushed the image, such as registry.example.com/telefonistka" .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "telefonistka.database" -}}
- name: TELEFONISTKA_DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ .Values.secretName }}, key: {{ .Values.database.secretKey }}}
{{- end }}

{{/* Who we are at GitHub, and what webhooks are signed with. */}}
{{- define "telefonistka.credentials" -}}
{{- if eq .Values.credentials "app" }}
- name: GITHUB_APP_ID
  valueFrom:
    secretKeyRef: {name: {{ .Values.secretName }}, key: GITHUB_APP_ID}
- name: GITHUB_APP_PRIVATE_KEY_PATH
  value: /etc/telefonistka/private-key.pem
{{- else if eq .Values.credentials "token" }}
- name: GITHUB_OAUTH_TOKEN
  valueFrom:
    secretKeyRef: {name: {{ .Values.secretName }}, key: GITHUB_OAUTH_TOKEN}
{{- else }}
{{- fail (printf "credentials is %q: set it to app or token" .Values.credentials) }}
{{- end }}
- name: GITHUB_WEBHOOK_SECRET
  valueFrom:
    secretKeyRef: {name: {{ .Values.secretName }}, key: GITHUB_WEBHOOK_SECRET}
- name: GITHUB_WEBHOOK_SECRET_PREVIOUS
  valueFrom:
    secretKeyRef: {name: {{ .Values.secretName }}, key: GITHUB_WEBHOOK_SECRET_PREVIOUS, optional: true}
{{- end }}

{{- define "telefonistka.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end }}
